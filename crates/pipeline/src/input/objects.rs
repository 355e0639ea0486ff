//! The list of the objects of a plan, packed: a plan may have a million, and every process of the
//! run holds it. Owns their order and number; their JSON is that of a plain list.

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::object::Object;
use crate::Error;

/// Objects that are packed together. One of them costs the unpacking of all.
const GROUP: usize = 64;

/// A list of objects, in order. Neighbours have similar names, so packed they need few bytes each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Objects {
    /// Groups of [`GROUP`] objects, each as packed JSON.
    packed: Vec<Box<[u8]>>,
    /// The objects after the last group, fewer than [`GROUP`].
    rest: Vec<Object>,
    /// The sizes of all objects together, in bytes.
    bytes: u64,
}

impl Objects {
    /// Appends an object.
    ///
    /// # Errors
    /// `Defect` if it can't be packed.
    pub(crate) fn push(&mut self, object: Object) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(object.size);
        self.rest.push(object);
        if self.rest.len() == GROUP {
            let packed = pack(&self.rest).ok_or(Error::Defect("objects can't be packed"))?;
            self.packed.push(packed);
            self.rest.clear();
        }
        Ok(())
    }

    /// Returns the number of objects.
    pub fn len(&self) -> usize {
        self.packed.len() * GROUP + self.rest.len()
    }

    /// Returns true if there is no object.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the sizes of all objects together, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the objects, in order.
    pub fn iter(&self) -> impl Iterator<Item = Object> + '_ {
        let packed = self.packed.iter().flat_map(|group| unpack(group));
        packed.chain(self.rest.iter().cloned())
    }

    /// Returns the object with a number.
    pub(crate) fn get(&self, number: u32) -> Option<Object> {
        self.reader().get(number).cloned()
    }

    /// Returns a reader, which finds neighbours quickly.
    pub(crate) fn reader(&self) -> ObjectReader<'_> {
        ObjectReader { objects: self, group: usize::MAX, unpacked: Vec::new() }
    }
}

/// Reads objects by their numbers. It keeps the group of the last one.
pub(crate) struct ObjectReader<'a> {
    objects: &'a Objects,
    /// The number of the unpacked group.
    group: usize,
    unpacked: Vec<Object>,
}

impl ObjectReader<'_> {
    /// Returns the object with a number.
    pub(crate) fn get(&mut self, number: u32) -> Option<&Object> {
        let (group, place) = (number as usize / GROUP, number as usize % GROUP);
        let Some(packed) = self.objects.packed.get(group) else {
            let after = group == self.objects.packed.len();
            return self.objects.rest.get(place).filter(|_| after);
        };
        if self.group != group {
            self.unpacked = unpack(packed);
            self.group = group;
        }
        self.unpacked.get(place)
    }
}

/// Packs a group. Repeated names and folders cost next to nothing.
fn pack(group: &[Object]) -> Option<Box<[u8]>> {
    let json = serde_json::to_vec(group).ok()?;
    Some(zstd::bulk::compress(&json, 1).ok()?.into())
}

/// Unpacks a group. It was packed by this process, so only a lack of memory can make it fail.
/// The group is empty then, and the caller reports its objects as missing.
fn unpack(packed: &[u8]) -> Vec<Object> {
    let json = zstd::decode_all(packed).ok();
    json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
}

impl Serialize for Objects {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for object in self.iter() {
            list.serialize_element(&object)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Objects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Objects;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of objects")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Objects, A::Error> {
                let mut objects = Objects::default();
                while let Some(object) = list.next_element()? {
                    objects.push(object).map_err(A::Error::custom)?;
                }
                Ok(objects)
            }
        }

        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::input::{Compression, FileVersion, ObjectLocation};

    fn object(number: usize) -> Object {
        let path = PathBuf::from(format!("/data/posts/{number:07}.ndjson"));
        let name = path.display().to_string();
        let version = FileVersion::Modified(1_700_000_000_000_000_000 + number as u64 * 7_919);
        let location = ObjectLocation::File { path, version };
        Object { name, size: number as u64, compression: Compression::None, location }
    }

    #[test]
    fn a_packed_list_is_read_as_the_plain_list() {
        for count in [0, 1, GROUP - 1, GROUP, GROUP + 1, 5 * GROUP] {
            let plain: Vec<Object> = (0..count).map(object).collect();
            let mut packed = Objects::default();
            for object in &plain {
                packed.push(object.clone()).unwrap();
            }
            assert_eq!((packed.len(), packed.is_empty()), (count, count == 0));
            assert!(packed.iter().eq(plain.iter().cloned()));
            assert_eq!(packed.bytes(), plain.iter().map(|object| object.size).sum::<u64>());
            let json = serde_json::to_string(&plain).unwrap();
            assert_eq!(serde_json::to_string(&packed).unwrap(), json);
            assert_eq!(serde_json::from_str::<Objects>(&json).unwrap(), packed);
            let mut reader = packed.reader();
            for number in (0..count).chain((0..count).rev().step_by(7)) {
                assert_eq!(reader.get(number as u32), plain.get(number), "{number}");
            }
            for outside in [count as u32, count as u32 + GROUP as u32, u32::MAX] {
                assert_eq!((reader.get(outside), packed.get(outside)), (None, None));
            }
        }
    }

    #[test]
    fn a_packed_object_needs_few_bytes() {
        let mut packed = Objects::default();
        for number in 0..100 * GROUP {
            packed.push(object(number)).unwrap();
        }
        let bytes: usize = packed.packed.iter().map(|group| group.len()).sum();
        assert!(bytes / (100 * GROUP) < 40, "{bytes}");
    }
}
