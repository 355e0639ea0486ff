"""Runs one peer once: reads NDJSON, counts words by the rules of the Seed profile, stores the result.

Owns the work of every peer in all its forms; knows nothing of rounds and ratios. Prints one JSON
object: the seconds from after the imports until the result is stored, and the peak memory of
processes other than this one.

A form is one way to write the same work. The fastest one depends on the machine and the input, so
peers.py tries all of them first and takes the best. All forms

- parse every line as JSON and take `text`;
- replace `http[^ \\t\\n\\x0B\\f\\r]+` by a space: white space is ASCII's, as in the original;
- keep runs of at least four ASCII letters, in lower case, that are not stop words;
- count them, sort by count (descending) and word, and write the whole result as CSV.

Letters are selected before lower-casing: Unicode's lower case of the Kelvin sign is an ASCII k.
"""

import argparse
import json
import os
import time

LINE = 64 << 20
URL_RE = r"http[^ \t\n\x0B\f\r]+"


def stop_words(path):
    """Returns the stop words that can match: longer than three letters, ASCII letters only."""
    with open(path, encoding="utf-8") as file:
        words = file.read().split()
    return [word for word in words if len(word) > 3 and word.isascii() and word.isalpha()]


# --- DuckDB ---------------------------------------------------------------------------------------

DUCKDB_READ = {
    # Reads only the wanted column; a line that is not JSON becomes NULL.
    "json": """select text from read_json({file}, format='newline_delimited', ignore_errors=true,
               columns={{text: 'VARCHAR'}}, maximum_object_size={line})""",
    # Reads whole objects, which the extraction parses once more.
    "objects": """select json_extract_string(json, '$.text') as text
                  from read_json_objects({file}, format='newline_delimited', ignore_errors=true,
                  maximum_object_size={line})""",
    # The CSV reader finds lines faster than the JSON reader; fails on a malformed line.
    "lines": """select json_extract_string(line, '$.text') as text
                from read_csv({file}, columns={{line: 'VARCHAR'}}, delim='\\x01', quote='', escape='',
                header=false, auto_detect=false, max_line_size={line})""",
}


def duckdb_clean(text):
    """Returns the SQL that cleans a text. Most texts have no link, and `contains` is faster than the
    regular expression."""
    return f"""regexp_extract_all(case when contains({text}, 'http')
               then regexp_replace({text}, '{URL_RE}', ' ', 'g') else {text} end, '[A-Za-z]{{4,}}')"""


# Both lower-case after counting the different spellings.
DUCKDB_SPLIT = {
    # Finds runs of letters by one regular expression.
    "late": f"""select spelt, count(*) as times
                from (select unnest({duckdb_clean('text')}) as spelt from records) group by spelt""",
    # Splits at spaces and counts first, so that only distinct tokens are cleaned: no link and no word
    # contains a space.
    "tokens": f"""select unnest({duckdb_clean('token')}) as spelt, times from (
                  select token, count(*) as times
                  from (select unnest(string_split(text, ' ')) as token from records)
                  where length(token) > 3 group by token)""",
}
DUCKDB_FORMS = [f"{read}-{split}" for read in DUCKDB_READ for split in DUCKDB_SPLIT]


def duckdb(args):
    import duckdb as peer

    def run():
        read, split = args.form.split("-")
        con = peer.connect()
        con.execute(f"set threads = {args.threads}")
        con.execute("set preserve_insertion_order = false")
        con.execute("create table stop as select unnest(?) as word", [stop_words(args.stop_words)])
        quoted = "'" + args.input.replace("'", "''") + "'"
        records = DUCKDB_READ[read].format(file=quoted, line=LINE)
        con.execute(f"""copy (
            with records as (select text from ({records}) where text is not null)
            select word, count from (
                select lower(spelt) as word, sum(times)::bigint as count
                from ({DUCKDB_SPLIT[split]}) group by all
            ) where word not in (select word from stop)
            order by count desc, word
        ) to '{args.output}' (format csv, header false)""")

    return run


# --- chdb -----------------------------------------------------------------------------------------

CHDB_READ = {
    # Skips other fields without validating them.
    "rows": """select assumeNotNull(text) as text
               from file('{file}', 'JSONEachRow', 'text Nullable(String)') where text is not null""",
    # Uses simdjson; a line that is not JSON becomes an empty text.
    "lines": """select JSONExtractString(line, 'text') as text
                from file('{file}', 'LineAsString', 'line String')""",
}


def chdb_words(text, guarded=True):
    """Returns the runs of letters as an array, without short ones, which would only become rows."""
    clean = f"replaceRegexpAll({text}, '" + URL_RE.replace("\\", "\\\\") + "', ' ')"
    if guarded:
        # Most texts have no link, and `position` is faster than the regular expression.
        clean = f"if(position({text}, 'http') > 0, {clean}, {text})"
    return f"arrayFilter(token -> length(token) > 3, alphaTokens(lower({clean})))"


CHDB_SPLIT = {
    "filter": f"""select word, count() as count from (
                  select arrayJoin({chdb_words('text', guarded=False)}) as word from records)
                  group by word""",
    "position": f"""select word, count() as count from (
                    select arrayJoin({chdb_words('text')}) as word from records) group by word""",
    # Splits at spaces and counts first, so that only distinct tokens are cleaned.
    "tokens": f"""select word, sum(times) as count from (
                  select arrayJoin({chdb_words('raw')}) as word, times from (
                  select raw, count() as times
                  from (select arrayJoin(splitByChar(' ', text)) as raw from records)
                  where length(raw) > 3 group by raw)) group by word""",
}
CHDB_FORMS = [f"{read}-{split}" for read in CHDB_READ for split in CHDB_SPLIT]


def chdb(args):
    import chdb as peer

    def run():
        read, split = args.form.split("-")
        stop = ", ".join(f"'{word}'" for word in stop_words(args.stop_words))
        name = args.input.replace("\\", "\\\\").replace("'", "\\'")
        peer.query(f"""
            with records as ({CHDB_READ[read].format(file=name)})
            select word, count from ({CHDB_SPLIT[split]})
            where word not in ({stop})
            order by count desc, word
            into outfile '{args.output}' truncate format CSV
            settings max_threads = {args.threads}, input_format_allow_errors_ratio = 0.5""")

    return run


# --- Polars ---------------------------------------------------------------------------------------

POLARS_SPLIT = ["late", "literal", "tokens"]
POLARS_FORMS = [f"{engine}-{split}" for engine in ("streaming", "memory") for split in POLARS_SPLIT]


def polars(args):
    os.environ["POLARS_MAX_THREADS"] = str(args.threads)
    import polars as pl

    def run():
        engine, split = args.form.split("-")
        stop = stop_words(args.stop_words)
        text, word = pl.col("text"), pl.col("word")
        records = pl.scan_ndjson(args.input, schema={"text": pl.String}, ignore_errors=True)
        records = records.drop_nulls("text")
        if split == "tokens":
            # Splits at spaces and counts first, so that only distinct tokens are cleaned.
            tokens = records.select(text.str.split(" ")).explode("text")
            tokens = tokens.filter(text.str.len_bytes() > 3)
            records = tokens.group_by("text").agg(times=pl.len())
        no_url = text.str.replace_all(URL_RE, " ")
        if split == "literal":
            # Most texts have no link.
            has_url = text.str.contains("http", literal=True)
            no_url = pl.when(has_url).then(no_url).otherwise(text)
        words = no_url.str.extract_all("[A-Za-z]{4,}").alias("word")
        if split == "tokens":
            rows = records.select("times", words).explode("word")
            spelt = rows.group_by("word").agg(pl.col("times").sum())
        else:
            rows = records.select(words).explode("word")
            spelt = rows.group_by("word").agg(times=pl.len())
        # Lower-cases after counting the different spellings.
        spelt = spelt.drop_nulls("word").select(word.str.to_lowercase(), "times")
        counts = spelt.group_by("word").agg(count=pl.col("times").sum())
        kept = counts.filter(~word.is_in(stop))
        result = kept.sort(["count", "word"], descending=[True, False]).select("word", "count")
        if engine == "streaming":
            result.sink_csv(args.output, include_header=False, engine="streaming")
        else:
            result.collect(engine="in-memory").write_csv(args.output, include_header=False)

    return run


# --- Spark ----------------------------------------------------------------------------------------

SPARK_FORMS = ["original"]


def spark(args):
    """The work as the original program does it. The session starts before the clock, as libraries
    are loaded before it."""
    from pyspark.sql import SparkSession, functions as f

    session = (
        SparkSession.builder.master(f"local[{args.threads}]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", args.threads)
        .config("spark.driver.memory", "4g")
        .getOrCreate()
    )

    def run():
        text = f.col("text")
        for pattern in (r"http\S+", r"\p{Punct}", r"[0-9]", r"[^a-zA-Z]"):
            text = f.regexp_replace(text, pattern, " ")
        records = session.read.schema("text string").json(args.input).na.drop()
        words = records.select(f.explode(f.split(f.lower(text), " ")).alias("word"))
        stop = f.col("word").isin(stop_words(args.stop_words))
        words = words.filter(f.length("word") > 3).filter(~stop)
        counts = words.groupBy("word").count().orderBy(f.desc("count"), "word")
        folder = args.output + ".parts"
        counts.coalesce(1).write.mode("overwrite").csv(folder)
        part = next(name for name in sorted(os.listdir(folder)) if name.endswith(".csv"))
        os.replace(os.path.join(folder, part), args.output)
        return peak_of(session.sparkContext._gateway.proc.pid)

    return run


def peak_of(process):
    """Returns the peak memory of another process, which the kernel doesn't count for this one."""
    try:
        with open(f"/proc/{process}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        return 0


FORMS = {"duckdb": DUCKDB_FORMS, "chdb": CHDB_FORMS, "polars": POLARS_FORMS, "spark": SPARK_FORMS}
PEERS = {"duckdb": duckdb, "chdb": chdb, "polars": polars, "spark": spark}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("form")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--stop-words", required=True)
    args = parser.parse_args()
    run = PEERS[args.peer](args)
    start = time.perf_counter()
    # Only Spark works in another process; it returns the peak memory of that one.
    elsewhere = run() or 0
    print(json.dumps({"seconds": time.perf_counter() - start, "elsewhere": elsewhere}))


if __name__ == "__main__":
    main()
