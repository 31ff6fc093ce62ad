terraform {
  required_version = ">= 1.10"

  required_providers {
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 5.19"
    }
  }
}

# The token is in CLOUDFLARE_API_TOKEN; it needs to edit the DNS of the zone and nothing else.
provider "cloudflare" {}
