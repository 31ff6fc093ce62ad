module diptych/prove/tools/probe

go 1.26.0
