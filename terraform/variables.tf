# From config/, by environments/NAME.tfvars.json.

variable "environment" {
  description = "Name of the environment, and of the workspace that keeps its state."
  type        = string
  nullable    = false

  validation {
    condition     = var.environment == terraform.workspace
    error_message = "These are the values of ${var.environment}, and the state is that of the workspace ${terraform.workspace}: select the other one (tofu workspace select ${var.environment}), or name its values by -var-file."
  }
}

variable "location" {
  description = "Where everything stands: a volume can't be attached from elsewhere."
  type        = string
  nullable    = false
}

variable "network" {
  description = "The private network, the part of it that has addresses, and the zone it lies in."
  type        = object({ zone = string, range = string, subnet = string })
  nullable    = false

  validation {
    condition = (
      can(cidrhost(var.network.range, 0)) && can(cidrhost(var.network.subnet, 0)) &&
      try(cidrhost("${cidrhost(var.network.subnet, 0)}/${split("/", var.network.range)[1]}", 0) == cidrhost(var.network.range, 0), false) &&
      try(tonumber(split("/", var.network.subnet)[1]) >= tonumber(split("/", var.network.range)[1]), false)
    )
    error_message = "The subnet ${var.network.subnet} has to be a part of the network ${var.network.range}."
  }
}

variable "nodes" {
  description = "The machines by name: role, server type, address in the private network, and volumes in gibibytes by name."
  type = map(object({
    role        = string
    server_type = string
    address     = string
    volumes     = map(number)
  }))
  nullable = false

  validation {
    condition     = length(var.nodes) > 0
    error_message = "There has to be at least one node."
  }
  validation {
    condition     = alltrue([for node in values(var.nodes) : contains(["server", "agent", "witness"], node.role)])
    error_message = "The role of a node is server, agent or witness."
  }
  validation {
    condition     = length(distinct(values(var.nodes)[*].address)) == length(var.nodes)
    error_message = "Two nodes have the same address: each needs its own."
  }
  validation {
    condition = alltrue([
      for node in values(var.nodes) :
      try(cidrhost("${node.address}/${split("/", var.network.subnet)[1]}", 0) == cidrhost(var.network.subnet, 0), false)
    ])
    error_message = "The address of each node has to be one of the subnet ${var.network.subnet}."
  }
  validation {
    condition     = alltrue([for node in values(var.nodes) : node.address != try(cidrhost(var.network.range, 1), "")])
    error_message = "The first address of ${var.network.range} is the network's gateway: a node needs another one."
  }
  validation {
    condition     = alltrue(flatten([for node in values(var.nodes) : [for size in values(node.volumes) : size >= 10 && size <= 10240]]))
    error_message = "A volume has 10 to 10240 gibibytes."
  }
}

variable "load_balancers" {
  description = "Ways in by name: address in the private network, ports of the nodes, and the hosts that lead there."
  type = map(object({
    address = string
    ports   = object({ web = number, websecure = number, health = number })
    hosts   = list(string)
  }))
  nullable = false

  validation {
    condition = alltrue([
      for each in values(var.load_balancers) :
      try(cidrhost("${each.address}/${split("/", var.network.subnet)[1]}", 0) == cidrhost(var.network.subnet, 0), false)
    ])
    error_message = "The address of each load balancer has to be one of the subnet ${var.network.subnet}."
  }
  validation {
    condition     = length(setintersection(values(var.load_balancers)[*].address, values(var.nodes)[*].address)) == 0
    error_message = "A load balancer has the address of a node: each needs its own."
  }
  validation {
    condition = alltrue(flatten([
      for each in values(var.load_balancers) : [for port in values(each.ports) : port >= 30000 && port <= 32767]
    ]))
    error_message = "A load balancer leads to node ports, which are 30000 to 32767."
  }
}

variable "dns" {
  description = "Who answers for the names (hetzner: made here; cloudflare: made by cloudflare/; none), the zone, and the domain in it."
  type        = object({ provider = string, zone = string, domain = string })
  nullable    = false

  validation {
    condition     = contains(["hetzner", "cloudflare", "none"], var.dns.provider)
    error_message = "Names are answered for by hetzner, cloudflare or none."
  }
  validation {
    condition     = var.dns.domain == var.dns.zone || endswith(var.dns.domain, ".${var.dns.zone}")
    error_message = "The domain ${var.dns.domain} is not in the zone ${var.dns.zone}."
  }
  validation {
    condition = alltrue(flatten([
      for each in values(var.load_balancers) : [for host in each.hosts : host == var.dns.zone || endswith(host, ".${var.dns.zone}")]
    ]))
    error_message = "Every host has to be in the zone ${var.dns.zone}."
  }
}

variable "break_glass" {
  description = "The way in while the load balancer is gone: whether 80 and 443 are open and names lead to the floating IP, and which node has it."
  type        = object({ open = bool, node = optional(string) })
  nullable    = false

  validation {
    condition     = var.break_glass.node == null || contains(keys(var.nodes), coalesce(var.break_glass.node, "-"))
    error_message = "The floating IP goes to a node, which are ${join(", ", keys(var.nodes))}."
  }
}

# What an operator decides at the moment; the defaults are the usual case.

variable "user_data" {
  description = "Text for cloud-init by node, read once, when a machine is made; cloud-init.yaml where there is none."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true

  validation {
    condition     = alltrue([for name in nonsensitive(keys(var.user_data)) : contains(keys(var.nodes), name)])
    error_message = "user_data is by the names of nodes, which are ${join(", ", keys(var.nodes))}."
  }
  validation {
    condition     = alltrue([for text in values(var.user_data) : length(text) <= 32768])
    error_message = "Hetzner takes user_data of at most 32 KiB."
  }
}

variable "ssh_keys" {
  description = "Public keys by who has them: what a machine lets in, read once, when it is made."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in values(var.ssh_keys) : can(regex("^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/=]+( .*)?$", key))])
    error_message = "A public key is one line, such as that of ~/.diptych/production/ssh/id_ed25519.pub."
  }
}

variable "image" {
  description = "What new machines are made from; those that there are keep theirs."
  type        = string
  default     = "debian-13"
  nullable    = false
}

variable "open_ports" {
  description = "Further ports of the nodes that the world reaches, by what they are for: protocol, port, who may come."
  type        = map(object({ protocol = string, port = number, from = list(string) }))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for each in values(var.open_ports) : contains(["tcp", "udp"], each.protocol) && each.port >= 1 && each.port <= 65535])
    error_message = "An open port has a protocol, tcp or udp, and a number from 1 to 65535."
  }
  validation {
    condition = alltrue([
      for each in values(var.open_ports) :
      each.protocol == "udp" || length(setintersection(each.from, ["0.0.0.0/0", "::/0"])) == 0
    ])
    error_message = "A port of TCP is not opened to the whole world: name who may come. What the world asks comes by the load balancer."
  }
  validation {
    condition     = alltrue(flatten([for each in values(var.open_ports) : [for from in each.from : can(cidrhost(from, 0))]]))
    error_message = "Who may come is a list of networks, such as 203.0.113.7/32."
  }
}

variable "health_check" {
  description = "How a load balancer asks whether a node takes requests: a node that is told to stop goes on for 20 s."
  type = object({
    protocol         = optional(string, "http")
    path             = optional(string, "/ping")
    interval_seconds = optional(number, 5)
    timeout_seconds  = optional(number, 3)
    retries          = optional(number, 3)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["tcp", "http"], var.health_check.protocol)
    error_message = "A health check is tcp or http; Hetzner refuses ${var.health_check.protocol}."
  }
  validation {
    condition     = var.health_check.timeout_seconds <= var.health_check.interval_seconds
    error_message = "A health check can't wait longer than until the next one."
  }
  validation {
    condition     = var.health_check.interval_seconds * var.health_check.retries < 20
    error_message = "A node that stops takes requests for 20 s (drainSeconds of TraefikWaf): interval times retries has to be less."
  }
}

variable "load_balancer_type" {
  description = "Size of the load balancers."
  type        = string
  default     = "lb11"
  nullable    = false
}

variable "protect" {
  description = "Whether Hetzner refuses to delete what can't be made again, whoever asks."
  type        = bool
  default     = true
  nullable    = false
}
