{{- define "xiezhi.labels" -}}
app.kubernetes.io/name: xiezhi
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* A pod of some roles: (dict "root" $ "part" "sink" "roles" (list "sink" "feed") "resources" …) */}}
{{- define "xiezhi.pod" -}}
metadata:
  labels:
    {{- include "xiezhi.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .part }}
  annotations:
    checksum/config: {{ toYaml .root.Values.site | sha256sum }}
spec:
  # It stops in order: batches are finished, entries waited for.
  terminationGracePeriodSeconds: 60
  automountServiceAccountToken: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: xiezhi
      image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag }}"
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      # The instance is the pod: a name that no other running one has.
      command: ["sh", "-c"]
      args:
        - |
          { cat /etc/xiezhi/config/site.yaml; echo "instance: $POD"; echo "roles: [{{ join ", " .roles }}]"; } > /tmp/site.yaml
          exec xiezhi run --config /tmp/site.yaml
      env:
        - name: POD
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        {{- range $name, $from := .root.Values.secrets }}
        - name: {{ $name }}
          valueFrom: {secretKeyRef: {name: {{ $from.secret }}, key: {{ $from.key }}}}
        {{- end }}
      ports:
        - {name: metrics, containerPort: 9464}
        {{- if has "api" .roles }}
        - {name: api, containerPort: 8080}
        {{- end }}
      startupProbe:
        tcpSocket: {port: metrics}
        periodSeconds: 5
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /metrics, port: metrics}
        periodSeconds: 15
        timeoutSeconds: 5
        failureThreshold: 8
      readinessProbe:
        {{- if has "api" .roles }}
        httpGet: {path: /readyz, port: api}
        {{- else }}
        httpGet: {path: /metrics, port: metrics}
        {{- end }}
        periodSeconds: 5
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: config, mountPath: /etc/xiezhi/config, readOnly: true}
        - {name: catalogue, mountPath: {{ .root.Values.site.catalogue }}, readOnly: true}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: config
      configMap: {name: {{ .root.Release.Name }}-site}
    - name: catalogue
      {{- toYaml .root.Values.catalogueVolume | nindent 6 }}
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
{{- end }}
