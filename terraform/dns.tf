locals {
  # The way in that the floating IP is for, while the glass is broken.
  broken = var.break_glass.open ? var.environment : null

  # What leads to each load balancer, whoever answers for the names; or to the floating IP, which has no IPv6.
  records = merge([
    for name, each in var.load_balancers : merge([
      for host in each.hosts : merge(
        { "${host} A" = { host = host, type = "A", value = name == local.broken ? hcloud_floating_ip.break_glass.ip_address : hcloud_load_balancer.edge[name].ipv4 } },
        { for type in ["AAAA"] : "${host} ${type}" => { host = host, type = type, value = hcloud_load_balancer.edge[name].ipv6 } if name != local.broken },
      )
    ]...)
  ]...)

  # Certificates of the domain come from there alone.
  authorities = ["letsencrypt.org"]

  hetzner_zone = var.dns.provider == "hetzner" ? var.dns.zone : null
}

# The zone of another environment's domain is that one's.
resource "hcloud_zone" "domain" {
  count = local.hetzner_zone != null && var.dns.domain == var.dns.zone ? 1 : 0

  name              = var.dns.zone
  mode              = "primary"
  delete_protection = var.protect
  labels            = local.labels

  lifecycle {
    prevent_destroy = true
  }
}

resource "hcloud_zone_rrset" "host" {
  for_each = local.hetzner_zone == null ? {} : local.records

  zone    = try(hcloud_zone.domain[0].name, var.dns.zone)
  name    = each.value.host == var.dns.zone ? "@" : trimsuffix(each.value.host, ".${var.dns.zone}")
  type    = each.value.type
  ttl     = 300
  records = [{ value = each.value.value }]
  labels  = local.labels
}

resource "hcloud_zone_rrset" "caa" {
  count = local.hetzner_zone == null ? 0 : 1

  zone = try(hcloud_zone.domain[0].name, var.dns.zone)
  name = var.dns.domain == var.dns.zone ? "@" : trimsuffix(var.dns.domain, ".${var.dns.zone}")
  type = "CAA"
  ttl  = 3600
  records = concat(
    [for name in local.authorities : { value = "0 issue \"${name}\"" }],
    [for name in local.authorities : { value = "0 issuewild \"${name}\"" }],
  )
  labels = local.labels
}
