// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "engine/capture/dissector_program.h"

namespace vwb {

const char* const DISSECTOR_PROGRAM = R"lua(
local HEAD = 48
local vwb = Proto("vwb", "vhost-workbench record")
local f = {
  kind = ProtoField.uint8("vwb.kind", "Kind", base.DEC, kinds),
  type = ProtoField.uint16("vwb.device_id", "Device type"),
  queue = ProtoField.int16("vwb.queue", "Queue"),
  queue_name = ProtoField.string("vwb.queue_name", "Queue name"),
  injected = ProtoField.bool("vwb.injected", "Injected"),
  request = ProtoField.uint32("vwb.request", "Request"),
  readable = ProtoField.uint32("vwb.readable_bytes", "Readable bytes"),
  writable = ProtoField.uint32("vwb.writable_bytes", "Writable bytes"),
  used = ProtoField.uint32("vwb.used_length", "Used length"),
  number = ProtoField.uint32("vwb.number", "Number"),
  verdict = ProtoField.uint32("vwb.verdict", "Verdict"),
  value = ProtoField.double("vwb.value", "Value"),
  latency = ProtoField.uint64("vwb.latency_ns", "Latency, ns"),
  name = ProtoField.string("vwb.name", "Request name"),
  text = ProtoField.string("vwb.text", "Text"),
  problem = ProtoField.string("vwb.problem", "Problem"),
}
vwb.fields = f

-- A field of several messages is one field here: as wide as the widest.
local function field_class(field)
  if field.kind == "bytes" or field.kind == "text" then return field.kind end
  return (field.size > 4 and "wide " or "") .. (field.kind == "signed" and "signed" or "unsigned")
end

local function make_field(prefix, field, class)
  local abbr = prefix .. "." .. field.name
  local help = field.help
  if class == "bytes" then return ProtoField.bytes(abbr, field.name, base.SPACE, help) end
  if class == "text" then return ProtoField.string(abbr, field.name, base.ASCII, help) end
  if class == "signed" then return ProtoField.int32(abbr, field.name, base.DEC, nil, nil, help) end
  if class == "wide signed" then return ProtoField.int64(abbr, field.name, base.DEC, nil, nil, help) end
  local shown = (field.hex or field.kind == "flags") and base.HEX or base.DEC
  if class == "wide unsigned" then return ProtoField.uint64(abbr, field.name, shown, nil, nil, help) end
  local names = field.kind ~= "flags" and field.names or nil
  return ProtoField.uint32(abbr, field.name, shown, names, nil, help)
end

local protos = {}
local function add_type(id, type)
  local prefix = "virtio" .. type.name
  local proto = Proto(prefix, "virtio " .. type.name .. " request")
  local fields, by_name = {}, {}
  fields[1] = ProtoField.string(prefix .. ".name", "Request")
  fields[2] = ProtoField.string(prefix .. ".status_name", "Status")
  by_name["name"], by_name["status_name"] = "text", "text"
  local made = {}
  for _, message in ipairs(type.messages) do
    for _, part in ipairs({ message.request, message.response }) do
      for _, field in ipairs(part) do
        local class = field_class(field)
        local known = by_name[field.name]
        local key = field.name
        if known and known ~= class then
          key = field.name .. " " .. class
        end
        if not made[key] then
          local named = field
          if known and known ~= class then
            named = setmetatable({ name = field.name .. "_" .. class:gsub(" ", "_") }, { __index = field })
          else
            by_name[field.name] = class
          end
          made[key] = make_field(prefix, named, class)
          fields[#fields + 1] = made[key]
        end
        field.proto_field = made[key]
      end
    end
  end
  proto.fields = fields
  protos[id] = { proto = proto, name = fields[1], status_name = fields[2] }
end
for id, type in pairs(types) do add_type(id, type) end

local function same_bits(a, b, mask)
  local bit = 1
  while bit <= mask and bit <= 0x80000000 do
    if math.floor(mask / bit) % 2 == 1 and math.floor(a / bit) % 2 ~= math.floor(b / bit) % 2 then
      return false
    end
    bit = bit * 2
  end
  return true
end

local function find_message(type, queue, readable)
  for _, message in ipairs(type.messages) do
    if message.queue == queue then
      if message.size == 0 then return message end
      if readable and readable:len() >= message.at + message.size then
        local value = readable:range(message.at, message.size):le_uint()
        if same_bits(value, message.value, message.mask) then return message end
      end
    end
  end
end

local function number_of(range, field)
  local value = range:len() > 4 and range:le_uint64():tonumber() or range:le_uint()
  if field.bits then value = math.floor(value / 2 ^ field.shift) % 2 ^ field.bits end
  return value
end

local function text_of(value, field)
  if field.kind == "flags" and field.names then
    local text = {}
    for flag, name in pairs(field.names) do
      if math.floor(value / flag) % 2 == 1 then text[#text + 1] = name end
    end
    return table.concat(text, " | ")
  end
  return field.names and field.names[value] or nil
end

-- part: what was recorded of it, or nil; whole: how large it was.
local function add_part(tree, fields, part, whole)
  local status
  for _, field in ipairs(fields) do
    local offset, size = field.offset, field.size
    if size == 0 then
      size = whole - offset - (field.from_end or 0)
    elseif field.from_end then
      offset = whole - field.from_end
    end
    local have = part and part:len() or 0
    local loose = field.kind == "bytes" or field.kind == "text"
    if loose and offset + size > have then size = have - offset end
    if size > 0 and offset >= 0 and offset + size <= have then
      local range = part:range(offset, size)
      if loose then
        tree:add(field.proto_field, range)
      elseif size <= 8 then
        local value = number_of(range, field)
        if not field.padding or value ~= 0 then
          local item
          if field.bits then
            item = tree:add(field.proto_field, range, value)
          else
            item = tree:add_le(field.proto_field, range)
          end
          local text = text_of(value, field)
          if text and field.kind == "flags" then item:append_text(" (" .. text .. ")") end
          if field.name == "status" then status = text or tostring(value) end
        end
      end
    end
  end
  return status
end

function vwb.dissector(buffer, pinfo, tree)
  if buffer:len() < HEAD or buffer(0, 1):uint() ~= 2 then
    pinfo.cols.protocol = "VWB"
    pinfo.cols.info = "note"
    return buffer:len()
  end
  local kind = kinds[buffer(1, 1):uint()] or "?"
  local id, queue = buffer(2, 2):le_uint(), buffer(4, 2):le_int()
  local type = types[id]
  pinfo.cols.protocol = type and "VIRTIO-" .. type.name:upper() or "VWB"
  local top = tree:add(vwb, buffer())
  top:add_le(f.kind, buffer(1, 1))
  top:add_le(f.type, buffer(2, 2))
  local queue_name = type and type.queues[queue]
  if queue >= 0 then
    top:add_le(f.queue, buffer(4, 2))
    if queue_name then top:add(f.queue_name, buffer(4, 2), queue_name) end
  end
  local info = kind .. (queue_name and " " .. queue_name or "")
  local head, tail = buffer(40, 4):le_uint(), buffer(44, 4):le_uint()
  local readable = head > 0 and buffer(HEAD, head):tvb() or nil
  local written = tail > 0 and buffer(HEAD + head, tail):tvb() or nil
  local rest = HEAD + head + tail
  if kind == "request" or kind == "popped" then
    top:add(f.injected, buffer(6, 1), buffer(6, 1):uint() % 2 == 1)
    top:add_le(f.request, buffer(8, 4))
    top:add_le(f.readable, buffer(12, 4))
    if kind == "popped" or buffer(16, 4):le_uint() > 0 then top:add_le(f.writable, buffer(16, 4)) end
    if kind == "request" then
      top:add_le(f.used, buffer(20, 4))
      top:add_le(f.latency, buffer(32, 8))
    end
    local message = type and find_message(type, queue, readable)
    if message then
      info = message.name
      top:add(f.name, buffer(1, 1), message.name)
      local known = protos[id]
      local sub = tree:add(known.proto, buffer(HEAD, head + tail), "virtio " .. type.name .. ": " .. message.name)
      sub:add(known.name, buffer(1, 1), message.name)
      add_part(sub, message.request, readable, buffer(12, 4):le_uint())
      local status = add_part(sub, message.response, written, buffer(20, 4):le_uint())
      if status then
        sub:add(known.status_name, buffer(1, 1), status)
        info = info .. " " .. status
      end
      if kind == "popped" then info = info .. " (kept)" end
    end
  else
    top:add_le(f.number, buffer(24, 4))
    if kind == "gate" then top:add_le(f.request, buffer(8, 4)) end
    if kind == "message" then top:add_le(f.verdict, buffer(28, 4)) end
    if buffer:len() > rest then
      local field = kind == "problem" and f.problem or f.text
      top:add(field, buffer(rest))
      info = info .. " " .. buffer(rest):string()
    end
    if kind == "signal" then info = info .. " = " .. buffer(32, 8):le_float()
      top:add_le(f.value, buffer(32, 8))
    end
  end
  pinfo.cols.info = info
  return buffer:len()
end

DissectorTable.get("wtap_encap"):add((wtap and wtap.USER0) or (wtap_encaps and wtap_encaps.USER0) or 45, vwb)
)lua";

} // namespace vwb
