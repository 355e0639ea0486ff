{{/* Names, labels and images. */}}

{{- define "trendjob.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The prefix of names, short enough for a suffix such as "-mongodb-passwords" to fit. */}}
{{- define "trendjob.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The labels that select the objects of one part of one release. They never change: selectors are immutable. */}}
{{- define "trendjob.selector" -}}
app.kubernetes.io/name: {{ include "trendjob.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "trendjob.labels" -}}
{{ include "trendjob.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: trendjob
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The metadata of an object: {root, component, name, namespace, annotations, labels}. */}}
{{- define "trendjob.metadata" -}}
metadata:
  name: {{ .name }}
  {{- if not .cluster }}
  namespace: {{ .namespace | default .root.Release.Namespace }}
  {{- end }}
  labels:
    {{- include "trendjob.labels" . | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* An image: {root, image}. */}}
{{- define "trendjob.image" -}}
{{- $name := printf "%s/%s" .root.Values.image.registry .image.name -}}
{{- if .image.digest -}}
{{ $name }}@{{ .image.digest }}
{{- else -}}
{{ $name }}:{{ .image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "trendjob.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "trendjob.operator.account" -}}
{{- .Values.operator.serviceAccount.name | default (ternary (printf "%s-operator" (include "trendjob.fullname" .)) "default" .Values.operator.serviceAccount.create) -}}
{{- end -}}

{{- define "trendjob.api.account" -}}
{{- .Values.api.serviceAccount.name | default (ternary (printf "%s-api" (include "trendjob.fullname" .)) "default" .Values.api.serviceAccount.create) -}}
{{- end -}}

{{/* The namespaces of TrendJobs, as JSON, because a template returns only text. */}}
{{- define "trendjob.jobNamespaces" -}}
{{- .Values.jobNamespaces | default (list .Release.Namespace) | uniq | toJson -}}
{{- end -}}

{{/* The namespace of the TrendJob of helm test. */}}
{{- define "trendjob.testNamespace" -}}
{{- index (include "trendjob.jobNamespaces" . | fromJsonArray) 0 -}}
{{- end -}}

{{/* The names of the Secrets of workers and of the API. */}}
{{- define "trendjob.secret" -}}
{{- .Values.connection.existingSecret | default "trendjob-mongodb" -}}
{{- end -}}

{{- define "trendjob.readOnlySecret" -}}
{{- .Values.connection.existingReadOnlySecret | default (printf "%s-mongodb-readonly" (include "trendjob.fullname" .)) -}}
{{- end -}}
