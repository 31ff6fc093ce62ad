module diptych/imports

go 1.21

require (
	github.com/argoproj/argo-cd/v3 v3.5.3
	github.com/bitnami-labs/sealed-secrets v0.36.6
	github.com/cert-manager/cert-manager v1.21.2
	github.com/traefik/traefik/v3 v3.7.13
)
