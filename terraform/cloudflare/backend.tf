# As in ../backend.tf, beside that state.
terraform {
  backend "s3" {
    key          = "cloudflare.tfstate"
    use_lockfile = true

    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    skip_s3_checksum            = true
    use_path_style              = true
  }
}
