// SPDX-License-Identifier: MIT
/* VSpace, PageTable, Frame; page faults and their handlers. */
#include "ktest.h"

#define ADDRESS ((ash_word)0x60000000)
#define RW      (ASH_RIGHT_READ | ASH_RIGHT_WRITE)

static void map_needs_tables(void)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 12), words[2] = {ADDRESS, RW}, space = VSPACE;
    EQ(invoke(frame, ASH_FRAME_MAP, 2, words, 1, &space), ASH_E_NO_TABLE);
    EQ(detail[0], 30);
    OK(ash_page_table_map(make(ASH_OBJ_PAGE_TABLE, 0), VSPACE, ADDRESS));
    EQ(invoke(frame, ASH_FRAME_MAP, 2, words, 1, &space), ASH_E_NO_TABLE);
    EQ(detail[0], 21);
    OK(ash_page_table_map(make(ASH_OBJ_PAGE_TABLE, 0), VSPACE, ADDRESS));
    OK(ash_frame_map(frame, VSPACE, ADDRESS, RW));
    *(volatile ash_word *)ADDRESS = 7;
    EQ(*(volatile ash_word *)ADDRESS, 7);
}

static void one_mapping_a_capability(void)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 12), copy = new_slot();
    CHECK(make_tables(VSPACE, ADDRESS));
    OK(ash_frame_map(frame, VSPACE, ADDRESS, RW));
    EQ(ash_frame_map(frame, VSPACE, ADDRESS + 4096, RW), ASH_E_BUSY);
    OK(ash_cnode_copy(CNODE, copy, frame, ASH_RIGHT_ALL));
    OK(ash_frame_map(copy, VSPACE, ADDRESS + 4096, RW));
    *(volatile ash_word *)ADDRESS = 99;
    EQ(*(volatile ash_word *)(ADDRESS + 4096), 99);
    EQ(ash_frame_map(make(ASH_OBJ_FRAME, 12), VSPACE, ADDRESS, RW), ASH_E_BUSY);
}

static void writable_and_executable_never(void)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 12);
    CHECK(make_tables(VSPACE, ADDRESS));
    EQ(ash_frame_map(frame, VSPACE, ADDRESS, RW | ASH_RIGHT_EXECUTE), ASH_E_WX);
    OK(ash_frame_map(frame, VSPACE, ADDRESS, ASH_RIGHT_READ | ASH_RIGHT_EXECUTE));
    EQ(ash_frame_map(frame, VSPACE, ADDRESS, RW | ASH_RIGHT_EXECUTE), ASH_E_WX);
}

static void map_arguments(void)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 12), weak = new_slot();
    CHECK(make_tables(VSPACE, ADDRESS));
    EQ(ash_frame_map(frame, VSPACE, ADDRESS + 8, RW), ASH_E_ALIGNMENT);
    EQ(ash_frame_map(frame, VSPACE, ASH_USER_TOP, RW), ASH_E_RANGE);
    EQ(ash_frame_map(frame, VSPACE, 0xffffffff80000000, RW), ASH_E_RANGE);
    EQ(ash_frame_map(frame, VSPACE, 0xffffffc080000000, RW), ASH_E_RANGE);
    EQ(ash_frame_map(frame, VSPACE, ADDRESS, 0), ASH_E_ARGUMENT);
    EQ(ash_frame_map(frame, VSPACE, ADDRESS, ASH_RIGHT_WRITE), ASH_E_ARGUMENT);
    EQ(ash_frame_map(frame, VSPACE, ADDRESS, ~0ull), ASH_E_ARGUMENT);
    EQ(ash_frame_map(frame, CNODE, ADDRESS, RW), ASH_E_SOURCE);
    OK(ash_cnode_copy(CNODE, weak, frame, ASH_RIGHT_READ));
    EQ(ash_frame_map(weak, VSPACE, ADDRESS, RW), ASH_E_RIGHTS);
    EQ(ash_frame_unmap(frame), ASH_E_NOT_BOUND);
}

static void unmap_and_map_again(void)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 12);
    CHECK(make_tables(VSPACE, ADDRESS));
    for (unsigned i = 0; i < 10; i++) {
        OK(ash_frame_map(frame, VSPACE, ADDRESS + i * 4096, RW));
        EQ(*(volatile ash_word *)(ADDRESS + i * 4096), i);
        *(volatile ash_word *)(ADDRESS + i * 4096) = i + 1;
        OK(ash_frame_unmap(frame));
    }
}

static void megapages(void)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 21);
    OK(ash_page_table_map(make(ASH_OBJ_PAGE_TABLE, 0), VSPACE, ADDRESS));
    EQ(ash_frame_map(frame, VSPACE, ADDRESS + 4096, RW), ASH_E_ALIGNMENT);
    OK(ash_frame_map(frame, VSPACE, ADDRESS, RW));
    *(volatile ash_word *)(ADDRESS + 0x1ffff8) = 5;
    EQ(ash_page_table_map(make(ASH_OBJ_PAGE_TABLE, 0), VSPACE, ADDRESS), ASH_E_BUSY);
    struct ash_frame_info info;
    OK(ash_frame_address(frame, &info));
    EQ(info.bits, 21);
    EQ(info.physical % (1 << 21), 0);
}

static void table_levels_are_full(void)
{
    CHECK(make_tables(VSPACE, ADDRESS));
    ash_cptr extra = make(ASH_OBJ_PAGE_TABLE, 0);
    EQ(ash_page_table_map(extra, VSPACE, ADDRESS), ASH_E_BUSY);
    EQ(ash_page_table_unmap(extra), ASH_E_NOT_BOUND);
    EQ(ash_page_table_map(extra, VSPACE, ASH_USER_TOP), ASH_E_RANGE);
}

static void mapped_table_is_busy(void)
{
    ash_cptr table = make(ASH_OBJ_PAGE_TABLE, 0);
    OK(ash_page_table_map(table, VSPACE, ADDRESS));
    EQ(ash_page_table_map(table, VSPACE, ADDRESS + (1ull << 31)), ASH_E_BUSY);
    OK(ash_page_table_unmap(table));
    OK(ash_page_table_map(table, VSPACE, ADDRESS + (1ull << 31)));
}

static void frame_outlives_its_vspace(void)
{
    ash_cptr space = make(ASH_OBJ_VSPACE, 0), frame = make(ASH_OBJ_FRAME, 12);
    CHECK(make_tables(space, ADDRESS));
    OK(ash_frame_map(frame, space, ADDRESS, RW));
    OK(ash_cnode_delete(CNODE, space));
    OK(ash_frame_unmap(frame));
    CHECK(make_tables(VSPACE, ADDRESS));
    OK(ash_frame_map(frame, VSPACE, ADDRESS, RW));
}

static void frame_outlives_its_table(void)
{
    ash_cptr space = make(ASH_OBJ_VSPACE, 0), frame = make(ASH_OBJ_FRAME, 12);
    ash_cptr upper = make(ASH_OBJ_PAGE_TABLE, 0), lower = make(ASH_OBJ_PAGE_TABLE, 0);
    OK(ash_page_table_map(upper, space, ADDRESS));
    OK(ash_page_table_map(lower, space, ADDRESS));
    OK(ash_frame_map(frame, space, ADDRESS, RW));
    OK(ash_cnode_delete(CNODE, lower));
    OK(ash_frame_unmap(frame));
    OK(ash_cnode_delete(CNODE, upper));
    EQ(ash_frame_map(frame, space, ADDRESS, RW), ASH_E_NO_TABLE);
}

static void vspace_has_no_methods(void)
{
    EQ(invoke(VSPACE, ASH_FRAME_MAP, 0, nullptr, 0, nullptr), ASH_E_METHOD);
}

const struct test vspace_tests[] = {
    {"vspace: mapping needs tables, and says which", map_needs_tables},
    {"vspace: one mapping a capability", one_mapping_a_capability},
    {"vspace: never writable and executable", writable_and_executable_never},
    {"vspace: arguments of map", map_arguments},
    {"vspace: unmap and map again", unmap_and_map_again},
    {"vspace: megapages", megapages},
    {"vspace: all levels full", table_levels_are_full},
    {"vspace: a mapped table is busy", mapped_table_is_busy},
    {"vspace: a frame outlives its VSpace", frame_outlives_its_vspace},
    {"vspace: a frame outlives its table", frame_outlives_its_table},
    {"vspace: has no methods of its own", vspace_has_no_methods},
    {},
};

/* --- Faults
 * ------------------------------------------------------------------------------------------ */

static ash_cptr endpoint, reply;
static volatile ash_word target_address;

static void reads(struct kthread *t)
{
    t->value = *(volatile ash_word *)target_address;
    t->count = 1;
}
static void writes(struct kthread *t)
{
    *(volatile ash_word *)target_address = 1;
    t->count = 1;
}
static void jumps(struct kthread *t)
{
    ((void (*)(void))target_address)();
    t->count = 1;
}
static void illegal(struct kthread *t)
{
    __asm__ volatile("csrr t0, satp" ::: "t0");
    t->count = 1;
}
static void breaks(struct kthread *t)
{
    __asm__ volatile("ebreak");
    t->count = 1;
}
static void unknown_call(struct kthread *t)
{
    ash_word info;
    ash_syscall_word(12345, 0, 0, &info);
    t->count = 1;
}

/* Runs entry until it faults; the message of the fault is left in *m, its answer still open. */
static struct kthread *faulting(void (*entry)(struct kthread *), struct ash_message *m)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    reply = make(ASH_OBJ_REPLY, 0);
    struct kthread *t = prepare(entry, PRIORITY + 1, 0, false);
    if (!t || ash_thread_set_fault_endpoint(t->thread, minted(endpoint, ASH_RIGHT_ALL, 77)) ||
        ash_thread_resume(t->thread) != ASH_OK) {
        fail(__FILE__, __LINE__, "faulting thread", 1, 0);
        return nullptr;
    }
    ash_recv(endpoint, reply, m);
    return t;
}

static void check_exception(void (*entry)(struct kthread *), ash_word address, ash_word cause)
{
    struct ash_message m;
    target_address = address;
    struct kthread *t = faulting(entry, &m);
    CHECK(t);
    EQ(m.badge, 77);
    EQ(ash_info_label(m.info), ASH_FAULT_EXCEPTION);
    EQ(m.mr[1], cause);
    if (address)
        EQ(m.mr[2], address);
    EQ(t->count, 0);
}

static void read_of_nothing(void)
{
    check_exception(reads, 0x12345678, 13);
}
static void write_of_nothing(void)
{
    check_exception(writes, 0x12345678, 15);
}
static void jump_to_nothing(void)
{
    check_exception(jumps, 0x12345678, 12);
}
static void jump_to_null(void)
{
    check_exception(jumps, 0, 12);
}
static void read_of_the_kernel(void)
{
    check_exception(reads, 0xffffffff80000000, 13);
}
static void write_of_the_kernel(void)
{
    check_exception(writes, 0xffffffff80000000, 15);
}
static void read_of_the_window(void)
{
    check_exception(reads, 0xffffffc080200000, 13);
}
static void jump_into_the_kernel(void)
{
    check_exception(jumps, 0xffffffff80000000, 12);
}
static void write_of_own_text(void)
{
    check_exception(writes, (ash_word)reads, 15);
}
static void write_of_boot_information(void)
{
    check_exception(writes, ASH_BOOT_INFO, 15);
}
static void jump_to_data(void)
{
    check_exception(jumps, (ash_word)&target_address, 12);
}
static void privileged_instruction(void)
{
    check_exception(illegal, 0, 2);
}
static void breakpoint(void)
{
    check_exception(breaks, 0, 3);
}

static void unknown_system_call(void)
{
    struct ash_message m;
    CHECK(faulting(unknown_call, &m));
    EQ(ash_info_label(m.info), ASH_FAULT_SYSCALL);
    EQ(m.mr[1], 12345);
}

static void answered_fault_goes_on(void)
{
    struct ash_message m;
    target_address = ADDRESS;
    struct kthread *t = faulting(reads, &m);
    CHECK(t);
    CHECK(make_tables(VSPACE, ADDRESS));
    OK(ash_frame_map(make(ASH_OBJ_FRAME, 12), VSPACE, ADDRESS, RW));
    *(volatile ash_word *)ADDRESS = 4711;
    m.info = ash_info(0, 0, 0);
    ash_send(reply, &m);
    EQ(t->count, 1);
    EQ(t->value, 4711);
}

static void refused_fault_stays(void)
{
    struct ash_message m;
    target_address = ADDRESS;
    struct kthread *t = faulting(reads, &m);
    CHECK(t);
    m.info = ash_info(1, 0, 0);
    ash_send(reply, &m);
    struct ash_thread_info info;
    OK(ash_thread_info(t->thread, &info));
    EQ(info.state, ASH_THREAD_INACTIVE);
}

static void fault_without_handler_stops(void)
{
    target_address = 0x12345670;
    struct kthread *t = start(writes, PRIORITY + 1, 0, false);
    CHECK(t);
    struct ash_thread_info info;
    OK(ash_thread_info(t->thread, &info));
    EQ(info.state, ASH_THREAD_INACTIVE);
}

static void fault_endpoint_needs_rights(void)
{
    struct kthread *t = prepare(reads, PRIORITY + 1, 0, false);
    CHECK(t);
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    EQ(ash_thread_set_fault_endpoint(t->thread, minted(endpoint, ASH_RIGHT_READ, 1)), ASH_E_RIGHTS);
    EQ(ash_thread_set_fault_endpoint(t->thread, make(ASH_OBJ_FRAME, 12)), ASH_E_SOURCE);
    OK(ash_thread_set_fault_endpoint(t->thread, endpoint));
    OK(ash_thread_set_fault_endpoint(t->thread, 0));
}

static void revoked_frame_faults(void)
{
    struct ash_message m;
    CHECK(make_tables(VSPACE, ADDRESS));
    ash_cptr frame = make(ASH_OBJ_FRAME, 12), copy = new_slot();
    OK(ash_cnode_copy(CNODE, copy, frame, ASH_RIGHT_ALL));
    OK(ash_frame_map(copy, VSPACE, ADDRESS, RW));
    *(volatile ash_word *)ADDRESS = 1;
    OK(ash_cnode_revoke(CNODE, frame));
    target_address = ADDRESS;
    CHECK(faulting(reads, &m));
    EQ(m.mr[1], 13);
}

const struct test fault_tests[] = {
    {"fault: read of nothing", read_of_nothing},
    {"fault: write of nothing", write_of_nothing},
    {"fault: jump to nothing", jump_to_nothing},
    {"fault: jump to null", jump_to_null},
    {"fault: read of the kernel", read_of_the_kernel},
    {"fault: write of the kernel", write_of_the_kernel},
    {"fault: read of the physical window", read_of_the_window},
    {"fault: jump into the kernel", jump_into_the_kernel},
    {"fault: write of own text", write_of_own_text},
    {"fault: write of the boot information", write_of_boot_information},
    {"fault: jump to data", jump_to_data},
    {"fault: privileged instruction", privileged_instruction},
    {"fault: breakpoint", breakpoint},
    {"fault: unknown system call", unknown_system_call},
    {"fault: an answered one goes on", answered_fault_goes_on},
    {"fault: a refused one stays", refused_fault_stays},
    {"fault: without a handler the thread stops", fault_without_handler_stops},
    {"fault: the endpoint needs rights", fault_endpoint_needs_rights},
    {"fault: a revoked frame is gone", revoked_frame_faults},
    {},
};
