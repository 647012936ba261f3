// SPDX-License-Identifier: MIT
//
// NVM Express Base Specification 1.4: registers, commands, completions, what identify says, and the
// pure half of the driver: everything that can be decided without hardware. All fields are
// little-endian, as is every hart this driver runs on.
//
// The controller is not trusted. What it writes (registers, completion queue entries, identify
// data) is read once, checked, and only then used; the first rule it breaks is kept and ends its
// service.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NVME_PAGE 4096u // of PRP entries: CC.MPS = 0

enum nvme_rule {
    NVME_OK,
    NVME_ABSENT,
    NVME_NO_NVM_COMMANDS,
    NVME_PAGE_SIZE,
    NVME_QUEUE_ENTRIES,
    NVME_DOORBELL_RANGE,
    NVME_DISABLE_STUCK,
    NVME_ENABLE_STUCK,
    NVME_FATAL,
    NVME_SHUTDOWN_STUCK,
    NVME_ENTRY_SIZE,
    NVME_ADMIN_SILENT,
    NVME_ADMIN_FAILED,
    NVME_NO_QUEUES,
    NVME_FEWER_QUEUES,
    NVME_LIST_ORDER,
    NVME_FORMAT_INDEX,
    NVME_BLOCK_SIZE,
    NVME_CAPACITY,
    NVME_NAMESPACE_CHANGED,
    NVME_COMMAND_ID,
    NVME_COMMAND_TWICE,
    NVME_QUEUE_ID,
    NVME_HEAD,
    NVME_RULES,
};

// The rule in words, for messages: a constant string without a full stop.
const char *nvme_rule_text(enum nvme_rule rule);

// --- Registers (3.1) ----------------------------------------------------------------------------

enum {
    NVME_CAP = 0x00,
    NVME_VS = 0x08,
    NVME_INTMS = 0x0c,
    NVME_INTMC = 0x10,
    NVME_CC = 0x14,
    NVME_CSTS = 0x1c,
    NVME_AQA = 0x24,
    NVME_ASQ = 0x28,
    NVME_ACQ = 0x30,
    NVME_DOORBELLS = 0x1000,
};

#define NVME_CC_ENABLE          (1u | 6u << 16 | 4u << 20) // entries of 64 and 16 bytes
#define NVME_CC_SHUTDOWN        (1u << 14)                 // normal
#define NVME_CSTS_READY         1u
#define NVME_CSTS_FATAL         2u
#define NVME_CSTS_SHUTDOWN_MASK (3u << 2)
#define NVME_CSTS_SHUTDOWN_DONE (2u << 2)

struct nvme_capabilities {
    uint32_t entries_most;   // of a queue
    uint32_t doorbell_bytes; // from one doorbell to the next
    uint32_t ready_ms;       // how long CSTS.RDY may take to follow CC.EN
};

// What CAP says. window_bytes: how much of the register BAR there is.
enum nvme_rule nvme_read_capabilities(uint64_t cap, uint64_t window_bytes,
                                      struct nvme_capabilities *capabilities);

// Offset of a doorbell: of the submission queue with that ID, or of the completion queue.
static inline uint32_t nvme_doorbell(const struct nvme_capabilities *capabilities, unsigned queue,
                                     bool completion)
{
    return NVME_DOORBELLS + (2 * queue + completion) * capabilities->doorbell_bytes;
}

// How many pairs of I/O queues (beyond the admin queue) have their doorbells in the window.
unsigned nvme_queues_in_window(const struct nvme_capabilities *capabilities, uint64_t window_bytes);

// --- Commands (4.2, 5, 6) -----------------------------------------------------------------------

struct nvme_command {
    uint8_t opcode, flags;
    uint16_t id;
    uint32_t namespace;
    uint64_t reserved, metadata;
    uint64_t prp1, prp2;
    uint32_t cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
};
static_assert(sizeof(struct nvme_command) == 64);

struct nvme_completion {
    uint32_t result, reserved;
    uint16_t head, queue; // of the submission queue
    uint16_t id, status;  // bit 0 of status: phase
};
static_assert(sizeof(struct nvme_completion) == 16);

enum nvme_admin_opcode {
    NVME_ADMIN_CREATE_SQ = 0x01,
    NVME_ADMIN_CREATE_CQ = 0x05,
    NVME_ADMIN_IDENTIFY = 0x06,
    NVME_ADMIN_ABORT = 0x08,
    NVME_ADMIN_SET_FEATURES = 0x09,
};

enum nvme_io_opcode { NVME_FLUSH = 0, NVME_WRITE = 1, NVME_READ = 2 };

#define NVME_FEATURE_QUEUES 7u

struct nvme_command nvme_identify_command(unsigned kind, uint32_t namespace, uint64_t page);
struct nvme_command nvme_set_queues_command(unsigned pairs);
struct nvme_command nvme_create_cq_command(unsigned id, unsigned entries, uint64_t page,
                                           unsigned vector);
struct nvme_command nvme_create_sq_command(unsigned id, unsigned entries, uint64_t page);
struct nvme_command nvme_abort_command(unsigned queue, unsigned id);

// How many pairs of queues the answer to nvme_set_queues_command grants.
unsigned nvme_queues_granted(uint32_t result);

// --- Identify (5.15) ----------------------------------------------------------------------------

enum { NVME_IDENTIFY_NAMESPACE = 0, NVME_IDENTIFY_CONTROLLER = 1, NVME_IDENTIFY_LIST = 2 };

#define NVME_SERIAL_BYTES      20u
#define NVME_MODEL_BYTES       40u
#define NVME_BLOCK_SHIFT_LEAST 9u
#define NVME_BLOCK_SHIFT_MOST  16u

struct nvme_controller_facts {
    char serial[NVME_SERIAL_BYTES + 1], model[NVME_MODEL_BYTES + 1]; // printable ASCII, trimmed
    uint32_t transfer_pages; // most of one command; UINT32_MAX: no limit
    bool write_cache;        // flush means something
};

// Reads the 4096 bytes of an identify controller answer.
enum nvme_rule nvme_read_controller(const volatile uint8_t *page,
                                    struct nvme_controller_facts *facts);

struct nvme_namespace {
    uint32_t id;
    uint64_t blocks;
    uint32_t block_shift;
    uint32_t boundary; // in blocks, which a command should not cross; 0: none
    bool read_only;
    bool usable; // it has a size, and a format without metadata
};

// Reads the 4096 bytes of an identify namespace answer. A namespace that this driver cannot use is
// not usable, and breaks no rule.
enum nvme_rule nvme_read_namespace(const volatile uint8_t *page, uint32_t id,
                                   struct nvme_namespace *space);

// The active namespace list: at most `most` IDs, ascending, none twice.
enum nvme_rule nvme_read_list(const volatile uint8_t *page, uint32_t *ids, unsigned most,
                              unsigned *count);

// --- PRPs (4.3) ---------------------------------------------------------------------------------

#define NVME_PRPS_MOST 64u // entries of a list: with PRP1, pages of a command less one

struct nvme_prps {
    uint64_t first;
    uint64_t *list; // NVME_PRPS_MOST entries in one page
    uint64_t list_address;
    unsigned pages;
    uint32_t bytes; // that are described
    uint64_t end;   // logical address behind the last byte
};

void nvme_prps_begin(struct nvme_prps *prps, uint64_t *list, uint64_t list_address);

// Adds a run of logical addresses. False: the command must end before its end (prps->bytes says
// what is described): only the first entry may have an offset, a multiple of four, only the last
// may end before its page does, and the list is full some time.
bool nvme_prps_add(struct nvme_prps *prps, uint64_t address, uint32_t bytes);

// Fills the command's PRP entries.
void nvme_prps_end(const struct nvme_prps *prps, struct nvme_command *command);

// --- Status (4.6.1) -----------------------------------------------------------------------------

// The status field of a completion without its phase bit: type << 8 | code.
static inline unsigned nvme_status_of(uint16_t field)
{
    return field >> 1 & 0x7ff;
}

enum {
    NVME_STATUS_INVALID_OPCODE = 0x001,
    NVME_STATUS_INVALID_FIELD = 0x002,
    NVME_STATUS_ABORT_REQUESTED = 0x007,
    NVME_STATUS_INVALID_NAMESPACE = 0x00b,
    NVME_STATUS_WRITE_PROTECTED = 0x020,
    NVME_STATUS_LBA_RANGE = 0x080,
    NVME_STATUS_CAPACITY = 0x081,
    NVME_STATUS_NOT_READY = 0x082,
    NVME_STATUS_READ_ONLY_RANGE = 0x182,
    NVME_STATUS_WRITE_FAULT = 0x280,
    NVME_STATUS_UNRECOVERED_READ = 0x281,
    NVME_STATUS_GUARD_CHECK = 0x282,
    NVME_STATUS_APPLICATION_TAG = 0x283,
    NVME_STATUS_REFERENCE_TAG = 0x284,
    NVME_STATUS_COMPARE = 0x285,
    NVME_STATUS_ACCESS_DENIED = 0x286,
};
