// Stands in for Cloudflare's provider, which the module proxy doesn't serve: its name, and of cloudflare_dns_record (v5) what
// terraform/cloudflare uses.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	options := providerserver.ServeOpts{Address: "registry.opentofu.org/cloudflare/cloudflare"}
	if err := providerserver.Serve(context.Background(), newProvider, options); err != nil {
		log.Fatal(err)
	}
}

type cloudflare struct{}

func newProvider() provider.Provider { return &cloudflare{} }

func (*cloudflare) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "cloudflare"
}

func (*cloudflare) Schema(_ context.Context, _ provider.SchemaRequest, response *provider.SchemaResponse) {
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"api_token": schema.StringAttribute{Optional: true, Sensitive: true},
		"base_url":  schema.StringAttribute{Optional: true},
	}}
}

func (*cloudflare) Configure(ctx context.Context, request provider.ConfigureRequest, response *provider.ConfigureResponse) {
	var given struct {
		Token   types.String `tfsdk:"api_token"`
		BaseURL types.String `tfsdk:"base_url"`
	}
	response.Diagnostics.Append(request.Config.Get(ctx, &given)...)
	orElse := func(value types.String, variable string) string {
		if value.ValueString() != "" {
			return value.ValueString()
		}
		return os.Getenv(variable)
	}
	made := &api{token: orElse(given.Token, "CLOUDFLARE_API_TOKEN"), base: orElse(given.BaseURL, "CLOUDFLARE_BASE_URL")}
	if made.token == "" {
		response.Diagnostics.AddError("Missing token", "CLOUDFLARE_API_TOKEN is not set")
	}
	response.ResourceData = made
}

func (*cloudflare) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &dnsRecord{} }}
}

func (*cloudflare) DataSources(context.Context) []func() datasource.DataSource { return nil }
