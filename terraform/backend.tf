# Bucket and endpoint are in state.s3.tfbackend, the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
terraform {
  backend "s3" {
    key = "terraform.tfstate"
    # Refuses whoever comes second, by a file beside the state that is only made where there is none.
    use_lockfile = true

    # What other providers than Amazon don't have.
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    skip_s3_checksum            = true
    use_path_style              = true
  }
}
