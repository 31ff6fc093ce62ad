output "nodes" {
  description = "The machines by name, as install/ finds them."
  value = {
    for name, server in hcloud_server.node : name => {
      role           = var.nodes[name].role
      address        = var.nodes[name].address
      public_address = server.ipv4_address
      floating_ip    = name == local.break_glass_node ? hcloud_floating_ip.break_glass.ip_address : null
      volumes        = { for volume, each in local.volumes : volume => hcloud_volume.data[volume].linux_device if each.node == name }
    }
  }
}

output "load_balancers" {
  description = "Where the world finds each way in."
  value       = { for name, each in hcloud_load_balancer.edge : name => { ipv4 = each.ipv4, ipv6 = each.ipv6 } }
}

output "break_glass" {
  description = "The floating IP, and the node that has it."
  value       = { address = hcloud_floating_ip.break_glass.ip_address, node = local.break_glass_node }
}

output "nameservers" {
  description = "What the registrar of the domain has to name, where Hetzner answers for it."
  value       = try(hcloud_zone.domain[0].authoritative_nameservers.assigned, [])
}

output "cloudflare" {
  description = "Variables of cloudflare/."
  value = {
    zone        = var.dns.zone
    domain      = var.dns.domain
    authorities = local.authorities
    records     = var.dns.provider == "cloudflare" ? local.records : {}
  }
}
