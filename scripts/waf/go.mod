module diptych/scripts/waf

go 1.21

require github.com/corazawaf/coraza-coreruleset/v4 v4.25.0
