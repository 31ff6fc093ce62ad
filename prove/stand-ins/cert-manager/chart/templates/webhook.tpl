# Speaks HTTP, and no API server is told of it.
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .Release.Name }}-webhook
  namespace: {{ .Release.Namespace }}
automountServiceAccountToken: false
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-webhook
  namespace: {{ .Release.Namespace }}
spec:
  selector:
    app.kubernetes.io/name: webhook
    app.kubernetes.io/component: webhook
  ports:
    - name: https
      port: 443
      targetPort: https
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-webhook
  namespace: {{ .Release.Namespace }}
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: webhook
      app.kubernetes.io/component: webhook
  template:
    metadata:
      labels:
        app.kubernetes.io/name: webhook
        app.kubernetes.io/component: webhook
    spec:
      serviceAccountName: {{ .Release.Name }}-webhook
      automountServiceAccountToken: false
      {{- with .Values.global.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: cert-manager-webhook
          image: quay.io/jetstack/cert-manager-webhook:{{ .Values.webhook.image.tag }}
          args: [serve, ':10250', ':6080', ':9402']
          ports:
            - name: https
              containerPort: 10250
            - name: healthcheck
              containerPort: 6080
            - name: http-metrics
              containerPort: 9402
          readinessProbe:
            httpGet:
              path: /healthz
              port: https
          livenessProbe:
            httpGet:
              path: /healthz
              port: https
          resources:
            {{- toYaml .Values.webhook.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
