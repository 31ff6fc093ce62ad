terraform {
  required_version = ">= 1.10"

  required_providers {
    hcloud = {
      source  = "hetznercloud/hcloud"
      version = "1.68.0"
    }
  }
}

# The token is in HCLOUD_TOKEN: a variable would end in plan files.
provider "hcloud" {}
