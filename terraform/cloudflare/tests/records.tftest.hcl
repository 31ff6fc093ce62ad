# tofu test: a pretended provider, so nothing is asked of Cloudflare. The values are the tests' own.

mock_provider "cloudflare" {}

variables {
  zone_id     = "0123456789abcdef0123456789abcdef"
  zone        = "example.com"
  domain      = "three-node.example.com"
  authorities = ["letsencrypt.org"]
  records = {
    "shop.example.com A"    = { host = "shop.example.com", type = "A", value = "192.0.2.1" }
    "shop.example.com AAAA" = { host = "shop.example.com", type = "AAAA", value = "2001:db8::1" }
  }
}

run "records" {
  command = plan

  assert {
    condition = (
      keys(cloudflare_dns_record.host) == ["shop.example.com A", "shop.example.com AAAA"] &&
      cloudflare_dns_record.host["shop.example.com A"].content == "192.0.2.1" &&
      cloudflare_dns_record.host["shop.example.com AAAA"].content == "2001:db8::1"
    )
    error_message = "each host leads to both addresses"
  }
  assert {
    condition     = alltrue([for record in cloudflare_dns_record.host : !record.proxied && record.ttl == 300])
    error_message = "clients come by themselves, and names move in five minutes"
  }
  assert {
    condition = alltrue([
      for tag in ["issue", "issuewild"] : (
        cloudflare_dns_record.caa["letsencrypt.org ${tag}"].name == "three-node.example.com" &&
        cloudflare_dns_record.caa["letsencrypt.org ${tag}"].data.tag == tag &&
        cloudflare_dns_record.caa["letsencrypt.org ${tag}"].data.value == "letsencrypt.org"
      )
    ])
    error_message = "certificates of the domain come from one authority, those for all its names too"
  }
}

run "a_name_in_the_place_of_a_number" {
  command = plan

  variables {
    zone_id = "example.com"
  }
  expect_failures = [var.zone_id]
}

run "a_host_of_another_zone" {
  command = plan

  variables {
    records = { "shop.example.org A" = { host = "shop.example.org", type = "A", value = "192.0.2.1" } }
  }
  expect_failures = [var.records]
}

run "a_record_that_is_no_address" {
  command = plan

  variables {
    records = { "shop.example.com CNAME" = { host = "shop.example.com", type = "CNAME", value = "elsewhere.example.com" } }
  }
  expect_failures = [var.records]
}
