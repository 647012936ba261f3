// SPDX-License-Identifier: MIT
//
// What the controller says of itself, commands, PRP lists. Section numbers are those of the NVM
// Express Base Specification 1.4.
#include "nvme.h"

#define IDENTIFY_IDS 1024u
#define SERIAL       4u
#define MODEL        24u
#define MDTS         77u
#define SQES         512u
#define CQES         513u
#define VWC          525u

#define NSZE    0u
#define NLBAF   25u
#define FLBAS   26u
#define NOIOB   46u
#define NSATTR  99u
#define LBAF    128u
#define FORMATS 16u

static const char *const rule_text[NVME_RULES] = {
    [NVME_OK] = "no rule broken",
    [NVME_ABSENT] = "the registers read as all ones: the controller is gone",
    [NVME_NO_NVM_COMMANDS] = "the controller does not support the NVM command set",
    [NVME_PAGE_SIZE] = "the controller does not support memory pages of 4 KiB",
    [NVME_QUEUE_ENTRIES] = "a queue has at least two entries",
    [NVME_DOORBELL_RANGE] = "the doorbells lie outside the register BAR",
    [NVME_DISABLE_STUCK] = "CSTS.RDY stays set when the controller is disabled",
    [NVME_ENABLE_STUCK] = "CSTS.RDY stays clear when the controller is enabled",
    [NVME_FATAL] = "the controller reports a fatal status",
    [NVME_SHUTDOWN_STUCK] = "the controller does not finish its shutdown",
    [NVME_ENTRY_SIZE] = "the controller does not take queue entries of 64 and 16 bytes",
    [NVME_ADMIN_SILENT] = "an admin command is not answered",
    [NVME_ADMIN_FAILED] = "an admin command that must work has failed",
    [NVME_NO_QUEUES] = "the controller grants no I/O queue",
    [NVME_FEWER_QUEUES] = "the controller grants fewer I/O queues than before",
    [NVME_LIST_ORDER] = "the namespace list is not in ascending order",
    [NVME_FORMAT_INDEX] = "a namespace's format is none of its formats",
    [NVME_BLOCK_SIZE] = "a namespace's block size is not from 512 to 65536 bytes",
    [NVME_CAPACITY] = "a namespace's size exceeds 2^63 bytes",
    [NVME_NAMESPACE_CHANGED] = "a namespace is not what it was before the reset",
    [NVME_COMMAND_ID] = "a completion names no command",
    [NVME_COMMAND_TWICE] = "a completion names a command that is not in flight",
    [NVME_QUEUE_ID] = "a completion names another submission queue",
    [NVME_HEAD] = "a completion's queue head is where no command was",
};

const char *nvme_rule_text(enum nvme_rule rule)
{
    return rule < NVME_RULES ? rule_text[rule] : rule_text[NVME_OK];
}

// --- Registers ----------------------------------------------------------------------------------

enum nvme_rule nvme_read_capabilities(uint64_t cap, uint64_t window_bytes,
                                      struct nvme_capabilities *capabilities)
{
    unsigned stride = cap >> 32 & 15;
    *capabilities = (struct nvme_capabilities){
        .entries_most = (uint32_t)(cap & 0xffff) + 1,
        .doorbell_bytes = 4u << stride,
        .ready_ms = (uint32_t)(cap >> 24 & 0xff) * 500,
    };
    if (cap == UINT64_MAX)
        return NVME_ABSENT;
    if (!(cap >> 37 & 1))
        return NVME_NO_NVM_COMMANDS;
    if (cap >> 48 & 15)
        return NVME_PAGE_SIZE;
    if (capabilities->entries_most < 2)
        return NVME_QUEUE_ENTRIES;
    if (capabilities->ready_ms == 0)
        capabilities->ready_ms = 500;
    return nvme_queues_in_window(capabilities, window_bytes) ? NVME_OK : NVME_DOORBELL_RANGE;
}

unsigned nvme_queues_in_window(const struct nvme_capabilities *capabilities, uint64_t window_bytes)
{
    if (window_bytes <= NVME_DOORBELLS)
        return 0;
    uint64_t pairs = (window_bytes - NVME_DOORBELLS) / (2ull * capabilities->doorbell_bytes);
    if (pairs < 1)
        return 0;
    return pairs - 1 < UINT16_MAX ? (unsigned)(pairs - 1) : UINT16_MAX;
}

// --- Commands -----------------------------------------------------------------------------------

struct nvme_command nvme_identify_command(unsigned kind, uint32_t namespace, uint64_t page)
{
    return (struct nvme_command){
        .opcode = NVME_ADMIN_IDENTIFY, .namespace = namespace, .prp1 = page, .cdw10 = kind};
}

// Numbers of queues and entries are given less one, as everywhere in commands.
struct nvme_command nvme_set_queues_command(unsigned pairs)
{
    return (struct nvme_command){.opcode = NVME_ADMIN_SET_FEATURES,
                                 .cdw10 = NVME_FEATURE_QUEUES,
                                 .cdw11 = (pairs - 1) | (pairs - 1) << 16};
}

unsigned nvme_queues_granted(uint32_t result)
{
    unsigned submission = (result & 0xffff) + 1, completion = (result >> 16) + 1;
    return submission < completion ? submission : completion;
}

struct nvme_command nvme_create_cq_command(unsigned id, unsigned entries, uint64_t page,
                                           unsigned vector)
{
    const uint32_t contiguous = 1, interrupts = 2;
    return (struct nvme_command){.opcode = NVME_ADMIN_CREATE_CQ,
                                 .prp1 = page,
                                 .cdw10 = id | (entries - 1) << 16,
                                 .cdw11 = contiguous | interrupts | vector << 16};
}

struct nvme_command nvme_create_sq_command(unsigned id, unsigned entries, uint64_t page)
{
    const uint32_t contiguous = 1;
    return (struct nvme_command){.opcode = NVME_ADMIN_CREATE_SQ,
                                 .prp1 = page,
                                 .cdw10 = id | (entries - 1) << 16,
                                 .cdw11 = contiguous | id << 16};
}

struct nvme_command nvme_abort_command(unsigned queue, unsigned id)
{
    return (struct nvme_command){.opcode = NVME_ADMIN_ABORT, .cdw10 = queue | id << 16};
}

// --- Identify -----------------------------------------------------------------------------------

static uint32_t load(const volatile uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << 8 * i;
    return value;
}

static void copy_text(char *to, const volatile uint8_t *from, unsigned bytes)
{
    unsigned end = 0;
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t c = from[i];
        to[i] = (char)(c > 0x20 && c < 0x7f ? c : ' ');
        if (to[i] != ' ')
            end = i + 1;
    }
    to[end] = 0;
}

enum nvme_rule nvme_read_controller(const volatile uint8_t *page,
                                    struct nvme_controller_facts *facts)
{
    unsigned shift = page[MDTS], submission = page[SQES], completion = page[CQES];
    copy_text(facts->serial, page + SERIAL, NVME_SERIAL_BYTES);
    copy_text(facts->model, page + MODEL, NVME_MODEL_BYTES);
    facts->transfer_pages = shift == 0 || shift > 31 ? UINT32_MAX : 1u << shift;
    facts->write_cache = page[VWC] & 1;
    bool entries = (submission & 15) <= 6 && submission >> 4 >= 6 && (completion & 15) <= 4 &&
                   completion >> 4 >= 4;
    return entries ? NVME_OK : NVME_ENTRY_SIZE;
}

enum nvme_rule nvme_read_namespace(const volatile uint8_t *page, uint32_t id,
                                   struct nvme_namespace *space)
{
    unsigned index = page[FLBAS] & (FORMATS - 1);
    uint32_t format = load(page + LBAF + 4 * index, 4);
    *space = (struct nvme_namespace){
        .id = id,
        .blocks = load(page + NSZE, 4) | (uint64_t)load(page + NSZE + 4, 4) << 32,
        .block_shift = format >> 16 & 0xff,
        .boundary = load(page + NOIOB, 2),
        .read_only = page[NSATTR] & 1,
    };
    if (space->blocks == 0)
        return NVME_OK; // inactive
    if (index > page[NLBAF])
        return NVME_FORMAT_INDEX;
    if (space->block_shift < NVME_BLOCK_SHIFT_LEAST || space->block_shift > NVME_BLOCK_SHIFT_MOST)
        return NVME_BLOCK_SIZE;
    if (space->blocks > (uint64_t)INT64_MAX >> space->block_shift)
        return NVME_CAPACITY;
    space->usable = (format & 0xffff) == 0; // no metadata
    return NVME_OK;
}

enum nvme_rule nvme_read_list(const volatile uint8_t *page, uint32_t *ids, unsigned most,
                              unsigned *count)
{
    uint32_t last = 0;
    *count = 0;
    for (unsigned i = 0; i < IDENTIFY_IDS && *count < most; i++) {
        uint32_t id = load(page + 4 * i, 4);
        if (id == 0)
            break;
        if (id <= last || id >= UINT32_MAX - 1)
            return NVME_LIST_ORDER;
        ids[(*count)++] = last = id;
    }
    return NVME_OK;
}

// --- PRPs ---------------------------------------------------------------------------------------

void nvme_prps_begin(struct nvme_prps *prps, uint64_t *list, uint64_t list_address)
{
    *prps = (struct nvme_prps){.list = list, .list_address = list_address};
}

static bool add_page(struct nvme_prps *prps, uint64_t address)
{
    if (prps->pages == 0)
        prps->first = address;
    else if (prps->pages <= NVME_PRPS_MOST)
        prps->list[prps->pages - 1] = address;
    else
        return false;
    prps->pages++;
    return true;
}

bool nvme_prps_add(struct nvme_prps *prps, uint64_t address, uint32_t bytes)
{
    if (prps->bytes == 0 ? address % 4 != 0 : (address | prps->end) % NVME_PAGE != 0)
        return false;
    while (bytes > 0) {
        uint32_t part = NVME_PAGE - (uint32_t)(address % NVME_PAGE);
        part = part < bytes ? part : bytes;
        if (!add_page(prps, address))
            return false;
        address += part;
        bytes -= part;
        prps->bytes += part;
        prps->end = address;
    }
    return true;
}

void nvme_prps_end(const struct nvme_prps *prps, struct nvme_command *command)
{
    command->prp1 = prps->first;
    command->prp2 = 0;
    if (prps->pages == 2)
        command->prp2 = prps->list[0];
    else if (prps->pages > 2)
        command->prp2 = prps->list_address;
}
