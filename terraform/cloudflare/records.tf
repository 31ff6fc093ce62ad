# Not proxied: clients are known by their own addresses, and the load balancer can't tell Cloudflare's from others.
resource "cloudflare_dns_record" "host" {
  for_each = var.records

  zone_id = var.zone_id
  name    = each.value.host
  type    = each.value.type
  content = each.value.value
  ttl     = 300
  proxied = false
}

resource "cloudflare_dns_record" "caa" {
  for_each = merge([for name in var.authorities : { "${name} issue" = { name = name, tag = "issue" }, "${name} issuewild" = { name = name, tag = "issuewild" } }]...)

  zone_id = var.zone_id
  name    = var.domain
  type    = "CAA"
  ttl     = 3600
  data    = { flags = 0, tag = each.value.tag, value = each.value.name }
}
