// SPDX-License-Identifier: MIT
//
// A controller that writes what it likes: into the completion ring between any two steps of the
// driver, into its registers, into identify data; and scatter/gather lists of every shape. Each
// command must come back at most once for each time it went out, nothing outside of the rings may
// be touched, and what PRPs describe must be a beginning of what the list held.
#include <queue.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

static uint64_t next(struct input *input, unsigned bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0 && input->size > 0) {
        value = value << 8 | *input->data++;
        input->size--;
    }
    return value;
}

static void check(bool holds)
{
    if (!holds)
        abort();
}

// --- Rings --------------------------------------------------------------------------------------

static struct nvme_command submission[NVME_ENTRIES];
static struct nvme_completion completion[NVME_ENTRIES];
static struct nvme_queue queue;
static bool out[NVME_ENTRIES];

static void submit(unsigned slot)
{
    struct nvme_command command = {.opcode = NVME_FLUSH};
    if (slot >= queue.slots || out[slot])
        return;
    nvme_submit(&queue, slot, &command);
    check(queue.tail < queue.entries);
    out[slot] = true;
}

static bool take(void)
{
    struct nvme_taken taken;
    switch (nvme_take(&queue, &taken)) {
    case NVME_EMPTY:
        return true;
    case NVME_BROKEN:
        check(taken.rule > NVME_OK && taken.rule < NVME_RULES && *nvme_rule_text(taken.rule));
        return false;
    default:
        check(taken.slot < queue.slots && out[taken.slot] && taken.status < 0x800);
        out[taken.slot] = false;
        check(queue.next < queue.entries && queue.head < queue.entries);
        return true;
    }
}

// Something honest often, so that the fuzzer gets anywhere; or any bytes anywhere in the ring.
static void write_ring(struct input *input, bool honest)
{
    unsigned at = honest ? queue.next : (unsigned)next(input, 1) % queue.entries;
    unsigned slot = (unsigned)next(input, 1);
    completion[at] = (struct nvme_completion){
        .result = slot,
        .head = honest ? queue.tail : (uint16_t)next(input, 2),
        .queue = honest ? queue.id : (uint16_t)next(input, 2),
        .id = honest ? (uint16_t)(slot % queue.slots) : (uint16_t)next(input, 2),
        .status = honest ? queue.phase : (uint16_t)next(input, 2),
    };
}

static void run_queue(struct input *input)
{
    unsigned entries = (unsigned)next(input, 1) % (NVME_ENTRIES - 1) + 2;
    memset(submission, 0, sizeof submission);
    memset(completion, 0, sizeof completion);
    memset(out, 0, sizeof out);
    nvme_queue_init(&queue, 1, entries, submission, completion);
    for (bool alive = true; alive && input->size > 0;) {
        unsigned in_flight = 0;
        unsigned step = (unsigned)next(input, 1);
        switch (step % 4) {
        case 0:
            submit((unsigned)next(input, 1));
            break;
        case 1:
        case 2:
            write_ring(input, step % 4 == 1);
            break;
        default:
            alive = take();
        }
        for (unsigned i = 0; i < queue.slots; i++)
            in_flight += nvme_is_flying(&queue, i);
        check(in_flight == queue.in_flight);
    }
}

// --- Identify and registers ---------------------------------------------------------------------

static void run_identify(struct input *input)
{
    static uint8_t page[NVME_PAGE];
    struct nvme_controller_facts facts;
    struct nvme_namespace space;
    uint32_t ids[16];
    unsigned count;
    size_t bytes = input->size < sizeof page ? input->size : sizeof page;
    memset(page, 0, sizeof page);
    memcpy(page, input->data, bytes);
    if (nvme_read_controller(page, &facts) == NVME_OK)
        check(facts.transfer_pages > 0);
    check(memchr(facts.serial, 0, sizeof facts.serial) &&
          memchr(facts.model, 0, sizeof facts.model));
    if (nvme_read_namespace(page, 1, &space) == NVME_OK && space.usable)
        check(space.block_shift >= NVME_BLOCK_SHIFT_LEAST &&
              space.block_shift <= NVME_BLOCK_SHIFT_MOST && space.blocks > 0 &&
              space.blocks << space.block_shift >> space.block_shift == space.blocks);
    (void)nvme_read_list(page, ids, 16, &count);
    check(count <= 16);
    for (unsigned i = 1; i < count; i++)
        check(ids[i] > ids[i - 1]);
}

static void run_registers(struct input *input)
{
    struct nvme_capabilities capabilities;
    uint64_t window = next(input, 3), cap = next(input, 8);
    if (nvme_read_capabilities(cap, window, &capabilities))
        return;
    unsigned pairs = nvme_queues_in_window(&capabilities, window);
    check(pairs >= 1 && capabilities.entries_most >= 2 && capabilities.ready_ms > 0);
    check(nvme_doorbell(&capabilities, pairs, true) + 4ull <= window);
    check(nvme_queues_granted((uint32_t)next(input, 4)) >= 1);
}

// --- PRPs ---------------------------------------------------------------------------------------

// Walks the PRPs as a controller does (4.3), and follows the runs beside it.
struct walk {
    uint64_t address[32];
    uint32_t bytes[32];
    unsigned count, at;
    uint32_t within;
};

static void expect_run(struct walk *walk, uint64_t address, uint32_t bytes)
{
    while (bytes > 0) {
        check(walk->at < walk->count);
        uint32_t left = walk->bytes[walk->at] - walk->within;
        uint32_t part = left < bytes ? left : bytes;
        check(walk->address[walk->at] + walk->within == address);
        walk->within += part;
        address += part;
        bytes -= part;
        if (walk->within == walk->bytes[walk->at]) {
            walk->at++;
            walk->within = 0;
        }
    }
}

static void run_prps(struct input *input)
{
    static uint64_t list[NVME_PRPS_MOST];
    struct nvme_command command = {};
    struct walk walk = {};
    struct nvme_prps prps;
    bool going = true;
    nvme_prps_begin(&prps, list, 0x5000);
    while (going && input->size > 0 && walk.count < 32) {
        uint64_t address = next(input, 1) << 12 | (next(input, 1) & 1 ? next(input, 2) & 0xfff : 0);
        uint32_t bytes = (uint32_t)(next(input, 2) & 1 ? next(input, 2) : next(input, 1) << 12);
        if (bytes == 0)
            continue;
        walk.address[walk.count] = address;
        walk.bytes[walk.count++] = bytes;
        going = nvme_prps_add(&prps, address, bytes);
    }
    nvme_prps_end(&prps, &command);
    uint32_t left = prps.bytes;
    for (unsigned i = 0; left > 0; i++) {
        uint64_t entry = i == 0                ? command.prp1
                         : prps.pages == 2     ? command.prp2
                         : i <= NVME_PRPS_MOST ? list[i - 1]
                                               : 0;
        check(i == 0 ? entry % 4 == 0 : entry % NVME_PAGE == 0);
        uint32_t part = NVME_PAGE - (uint32_t)(entry % NVME_PAGE);
        part = part < left ? part : left;
        expect_run(&walk, entry, part);
        left -= part;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    switch (next(&input, 1) % 4) {
    case 0:
        run_queue(&input);
        break;
    case 1:
        run_identify(&input);
        break;
    case 2:
        run_registers(&input);
        break;
    default:
        run_prps(&input);
    }
    return 0;
}
