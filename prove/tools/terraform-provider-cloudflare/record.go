package main

import (
	"context"
	"errors"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

type dnsRecord struct{ api *api }

type recordModel struct {
	ID         types.String  `tfsdk:"id"`
	ZoneID     types.String  `tfsdk:"zone_id"`
	Name       types.String  `tfsdk:"name"`
	Type       types.String  `tfsdk:"type"`
	Content    types.String  `tfsdk:"content"`
	TTL        types.Float64 `tfsdk:"ttl"`
	Proxied    types.Bool    `tfsdk:"proxied"`
	Comment    types.String  `tfsdk:"comment"`
	Data       types.Object  `tfsdk:"data"`
	CreatedOn  types.String  `tfsdk:"created_on"`
	ModifiedOn types.String  `tfsdk:"modified_on"`
}

var dataTypes = map[string]attr.Type{"flags": types.DynamicType, "tag": types.StringType, "value": types.StringType}

type dataModel struct {
	Flags types.Dynamic `tfsdk:"flags"`
	Tag   types.String  `tfsdk:"tag"`
	Value types.String  `tfsdk:"value"`
}

func (*dnsRecord) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "cloudflare_dns_record"
}

func (*dnsRecord) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	known := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":      schema.StringAttribute{Computed: true, PlanModifiers: known},
		"zone_id": schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
		"name":    schema.StringAttribute{Optional: true},
		"type":    schema.StringAttribute{Optional: true},
		"content": schema.StringAttribute{Optional: true},
		"ttl":     schema.Float64Attribute{Optional: true, Computed: true},
		"proxied": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)},
		"comment": schema.StringAttribute{Optional: true},
		"data": schema.SingleNestedAttribute{Optional: true, Computed: true, Attributes: map[string]schema.Attribute{
			"flags": schema.DynamicAttribute{Optional: true},
			"tag":   schema.StringAttribute{Optional: true},
			"value": schema.StringAttribute{Optional: true},
		}},
		"created_on":  schema.StringAttribute{Computed: true},
		"modified_on": schema.StringAttribute{Computed: true},
	}}
}

func (r *dnsRecord) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if made, ok := request.ProviderData.(*api); ok {
		r.api = made
	}
}

func (r *dnsRecord) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var model recordModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	r.send(ctx, "POST", &model, &response.Diagnostics)
	if !response.Diagnostics.HasError() {
		response.Diagnostics.Append(response.State.Set(ctx, &model)...)
	}
}

func (r *dnsRecord) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var model recordModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	r.send(ctx, "PUT", &model, &response.Diagnostics)
	if !response.Diagnostics.HasError() {
		response.Diagnostics.Append(response.State.Set(ctx, &model)...)
	}
}

func (r *dnsRecord) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var model recordModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	found, err := r.api.record(ctx, "GET", model.ZoneID.ValueString(), model.ID.ValueString(), nil)
	if errors.Is(err, errNoRecord) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		response.Diagnostics.AddError("Can't read the record", err.Error())
		return
	}
	response.Diagnostics.Append(model.take(ctx, found)...)
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

func (r *dnsRecord) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var model recordModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	_, err := r.api.record(ctx, "DELETE", model.ZoneID.ValueString(), model.ID.ValueString(), nil)
	if err != nil && !errors.Is(err, errNoRecord) {
		response.Diagnostics.AddError("Can't delete the record", err.Error())
	}
}

// Sends what was planned, and takes what became of it.
func (r *dnsRecord) send(ctx context.Context, method string, model *recordModel, diagnostics *diag.Diagnostics) {
	if diagnostics.HasError() {
		return
	}
	sent := &sentRecord{
		Name: model.Name.ValueString(), Type: model.Type.ValueString(), Content: model.Content.ValueString(),
		TTL: model.TTL.ValueFloat64(), Proxied: model.Proxied.ValueBool(), Comment: model.Comment.ValueStringPointer(),
	}
	if !model.Data.IsNull() && !model.Data.IsUnknown() {
		var data dataModel
		diagnostics.Append(model.Data.As(ctx, &data, basetypes.ObjectAsOptions{})...)
		sent.Data = &caaData{Tag: data.Tag.ValueString(), Value: data.Value.ValueString()}
		if number, ok := data.Flags.UnderlyingValue().(types.Number); ok {
			sent.Data.Flags, _ = number.ValueBigFloat().Float64()
		}
	}
	id := ""
	if method == "PUT" {
		id = model.ID.ValueString()
	}
	made, err := r.api.record(ctx, method, model.ZoneID.ValueString(), id, sent)
	if err != nil {
		diagnostics.AddError("Can't make the record", err.Error())
		return
	}
	planned := model.Data
	diagnostics.Append(model.take(ctx, made)...)
	if !planned.IsNull() && !planned.IsUnknown() {
		model.Data = planned
	}
}

func (m *recordModel) take(ctx context.Context, found *sentRecord) diag.Diagnostics {
	var all diag.Diagnostics
	m.ID = types.StringValue(found.ID)
	m.Name = types.StringValue(found.Name)
	m.Type = types.StringValue(found.Type)
	m.TTL = types.Float64Value(found.TTL)
	m.Proxied = types.BoolValue(found.Proxied)
	m.Comment = types.StringPointerValue(found.Comment)
	m.CreatedOn = types.StringValue(found.CreatedOn)
	m.ModifiedOn = types.StringValue(found.ModifiedOn)
	if found.Data == nil {
		m.Content = types.StringValue(found.Content)
		m.Data = types.ObjectNull(dataTypes)
		return all
	}
	// What a record of parts is as text is the API's to say.
	m.Content = types.StringNull()
	if m.same(ctx, found.Data) {
		return all
	}
	made, diagnostics := types.ObjectValue(dataTypes, map[string]attr.Value{
		"flags": types.DynamicValue(types.NumberValue(big.NewFloat(found.Data.Flags))),
		"tag":   types.StringValue(found.Data.Tag),
		"value": types.StringValue(found.Data.Value),
	})
	all.Append(diagnostics...)
	m.Data = made
	return all
}

// Whether the parts are what they were, however their numbers are written.
func (m *recordModel) same(ctx context.Context, found *caaData) bool {
	if m.Data.IsNull() || m.Data.IsUnknown() {
		return false
	}
	var data dataModel
	if m.Data.As(ctx, &data, basetypes.ObjectAsOptions{}).HasError() {
		return false
	}
	number, ok := data.Flags.UnderlyingValue().(types.Number)
	if !ok {
		return false
	}
	flags, _ := number.ValueBigFloat().Float64()
	return flags == found.Flags && data.Tag.ValueString() == found.Tag && data.Value.ValueString() == found.Value
}
