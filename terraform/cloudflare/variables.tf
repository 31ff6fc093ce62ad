# The output `cloudflare` of the machines, but for the zone's number.

variable "zone_id" {
  description = "Number of the zone, as its page at Cloudflare shows it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.zone_id))
    error_message = "The number of a zone is 32 hexadecimal digits; its name is ${var.zone}."
  }
}

variable "zone" {
  description = "Name of the zone."
  type        = string
  nullable    = false
}

variable "domain" {
  description = "The environment's domain, which is in the zone."
  type        = string
  nullable    = false
}

variable "authorities" {
  description = "Who may give out certificates of the domain."
  type        = list(string)
  nullable    = false
}

variable "records" {
  description = "What leads to the load balancers."
  type        = map(object({ host = string, type = string, value = string }))
  nullable    = false

  validation {
    condition     = alltrue([for each in values(var.records) : contains(["A", "AAAA"], each.type)])
    error_message = "A host leads to addresses: its records are A and AAAA."
  }
  validation {
    condition     = alltrue([for each in values(var.records) : each.host == var.zone || endswith(each.host, ".${var.zone}")])
    error_message = "Every host has to be in the zone ${var.zone}."
  }
}
