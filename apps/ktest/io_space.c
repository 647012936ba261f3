// SPDX-License-Identifier: MIT
/*
 * What a device may reach. The device is edu; a machine without it or without an IOMMU has nothing
 * to show here but that IoSpaces cannot be made.
 */
#include "edu.h"

#define ADDRESS ((ash_word)0x74000000)
#define IOVA    ((ash_word)0x200000)
#define RW      (ASH_RIGHT_READ | ASH_RIGHT_WRITE)
#define PAGE    ((ash_word)4096)
#define IOMMU   ASH_BOOT_IOMMU

/* Causes: specification 1.0, table "Fault record CAUSE field encodings". */
#define CAUSE_NO_CONTEXT  258u
#define CAUSE_GUEST_LOAD  21u
#define CAUSE_GUEST_STORE 23u

static bool have_iommu(void)
{
    return full(IOMMU);
}

static void forget_faults(void)
{
    struct ash_iommu_fault fault;
    bool found = true;
    for (unsigned i = 0; found && i < 10000; i++)
        if (ash_iommu_fault(IOMMU, &found, &fault) != ASH_OK)
            return;
}

/* A page that this task sees at ADDRESS + i pages. */
static ash_cptr page_at(unsigned i)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, 12);
    if (!make_tables(VSPACE, ADDRESS) ||
        ash_frame_map(frame, VSPACE, ADDRESS + i * PAGE, RW) != ASH_OK)
        return 0;
    return frame;
}

static volatile ash_word *words(unsigned page)
{
    return (volatile ash_word *)(ADDRESS + page * PAGE);
}

static void fill(unsigned page, ash_word first)
{
    for (ash_word i = 0; i < PAGE / 8; i++)
        words(page)[i] = first + i;
}

static bool holds(unsigned page, ash_word first)
{
    for (ash_word i = 0; i < PAGE / 8; i++)
        if (words(page)[i] != first + i)
            return false;
    return true;
}

/* A copy of the Frame for a device's use. */
static ash_cptr copy_of(ash_cptr frame, ash_word rights)
{
    ash_cptr copy = new_slot();
    return ash_cnode_copy(CNODE, copy, frame, rights) == ASH_OK ? copy : 0;
}

static ash_cptr space_for(ash_word device)
{
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0);
    if (!make_tables(space, IOVA) || ash_iommu_attach(IOMMU, space, device) != ASH_OK)
        return 0;
    return space;
}

static bool map_page(ash_cptr space, ash_cptr copy, ash_word page, ash_word rights)
{
    return ash_io_space_map(space, IOVA + page * PAGE, rights, CNODE, copy, 1) == ASH_OK;
}

/* The next fault is the device's, at that address, for that reason. */
static bool faulted(ash_word device, ash_word address, unsigned cause)
{
    struct ash_iommu_fault fault;
    bool found;
    return ash_iommu_fault(IOMMU, &found, &fault) == ASH_OK && found && fault.device == device &&
           fault.address == address && fault.cause == cause;
}

static void rules_of_attaching(void)
{
    if (!have_iommu()) {
        EQ(ash_untyped_retype(POOL, ASH_OBJ_IO_SPACE, 0, CNODE, new_slot(), 1), ASH_E_EXHAUSTED);
        return;
    }
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0), other = make(ASH_OBJ_IO_SPACE, 0);
    REFUSES(IOMMU, ASH_IOMMU_ATTACH, WORDS(1 << 16), CAPS(space), ASH_E_RANGE, 0);
    REFUSES(IOMMU, ASH_IOMMU_ATTACH, NONE, CAPS(space), ASH_E_TRUNCATED, 1);
    REFUSES(IOMMU, ASH_IOMMU_ATTACH, WORDS(8), CAPS(VSPACE), ASH_E_SOURCE, 0);
    REFUSES(space, ASH_IO_SPACE_DETACH, NONE, NONE, ASH_E_NOT_BOUND, ANY);
    OK(ash_iommu_attach(IOMMU, space, 8));
    EQ(ash_iommu_attach(IOMMU, space, 9), ASH_E_BUSY);
    EQ(ash_iommu_attach(IOMMU, other, 8), ASH_E_BUSY);
    OK(ash_iommu_attach(IOMMU, other, 9));
    OK(ash_io_space_detach(space));
    EQ(ash_io_space_detach(space), ASH_E_NOT_BOUND);
    OK(ash_iommu_attach(IOMMU, space, 0xffff));
    OK(ash_io_space_detach(space));
    OK(ash_cnode_delete(CNODE, other));
    OK(ash_iommu_attach(IOMMU, space, 9));
    REFUSES(IOMMU, 1000, NONE, NONE, ASH_E_METHOD, 1000);
    REFUSES(space, 1000, NONE, NONE, ASH_E_METHOD, 1000);
}

static void rules_of_mapping(void)
{
    if (!have_iommu())
        return;
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0), frame = make(ASH_OBJ_FRAME, 12);
    ash_cptr large = make(ASH_OBJ_FRAME, 21);
    EQ(ash_frame_map(frame, space, IOVA, RW), ASH_E_NO_TABLE);
    CHECK(make_tables(space, IOVA));
    CHECK(make_tables(space, ASH_IO_MESSAGE_PAGE));
    EQ(ash_frame_map(frame, space, IOVA, RW | ASH_RIGHT_EXECUTE), ASH_E_ARGUMENT);
    EQ(ash_frame_map(frame, space, IOVA, ASH_RIGHT_WRITE), ASH_E_ARGUMENT);
    EQ(ash_frame_map(frame, space, IOVA + 8, RW), ASH_E_ALIGNMENT);
    EQ(ash_frame_map(frame, space, ASH_USER_TOP, RW), ASH_E_RANGE);
    EQ(ash_frame_map(frame, space, ASH_IO_MESSAGE_PAGE, RW), ASH_E_RANGE);
    EQ(ash_frame_map(large, space, ASH_IO_MESSAGE_PAGE & ~0x1fffffull, RW), ASH_E_RANGE);
    OK(ash_frame_map(frame, space, IOVA, RW));
    OK(ash_frame_map(frame, space, IOVA, ASH_RIGHT_READ));
    EQ(ash_frame_map(frame, space, IOVA + PAGE, RW), ASH_E_BUSY);
    EQ(ash_frame_map(frame, VSPACE, ADDRESS, RW), ASH_E_BUSY);
    ash_cptr second = make(ASH_OBJ_FRAME, 12);
    EQ(ash_frame_map(second, space, IOVA, RW), ASH_E_BUSY);
    REFUSES(space, ASH_IO_SPACE_MAP, WORDS(IOVA, RW, second), CAPS(CNODE), ASH_E_TRUNCATED, 4);
    REFUSES(space, ASH_IO_SPACE_MAP, WORDS(IOVA, RW, second, 0), CAPS(CNODE), ASH_E_RANGE, 3);
    REFUSES(space, ASH_IO_SPACE_MAP, WORDS(IOVA, RW, second, 33), CAPS(CNODE), ASH_E_RANGE, 3);
    REFUSES(space, ASH_IO_SPACE_MAP, WORDS(IOVA, RW, 1 << 13, 1), CAPS(CNODE), ASH_E_RANGE, 2);
    REFUSES(space, ASH_IO_SPACE_MAP, WORDS(IOVA, RW, second, 1), CAPS(VSPACE), ASH_E_SOURCE, 0);
    REFUSES(space, ASH_IO_SPACE_MAP, WORDS(IOVA, RW, large, 1), CAPS(CNODE), ASH_E_SOURCE, 2);
    REFUSES(space, ASH_IO_SPACE_UNMAP, WORDS(second), CAPS(CNODE), ASH_E_TRUNCATED, 2);
    REFUSES(space, ASH_IO_SPACE_UNMAP, WORDS(second, 33), CAPS(CNODE), ASH_E_RANGE, 1);
    OK(ash_io_space_unmap(space, CNODE, frame, 1));
    OK(ash_frame_map(second, space, IOVA, RW));
    EQ(ash_frame_unmap(frame), ASH_E_NOT_BOUND);
}

static bool finds(ash_word device, ash_word address, unsigned bits, ash_word entry)
{
    struct ash_iommu_look look;
    return ash_iommu_look(IOMMU, device, address, &look) == ASH_OK && look.attached &&
           look.bits == bits && look.entry == entry;
}

/* What the hardware finds is asked of its tables: the entry of a page, and the size of a hole. */
static void looking(void)
{
    if (!have_iommu())
        return;
    enum { V = 1, R = 2, W = 4, U = 16, A = 64, D = 128 };
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0), frame = make(ASH_OBJ_FRAME, 12);
    struct ash_frame_info info;
    struct ash_iommu_look look;
    REFUSES(IOMMU, ASH_IOMMU_LOOK, WORDS(8), NONE, ASH_E_TRUNCATED, 2);
    REFUSES(IOMMU, ASH_IOMMU_LOOK, WORDS(1 << 16, 0), NONE, ASH_E_RANGE, 0);
    REFUSES(IOMMU, ASH_IOMMU_LOOK, WORDS(8, 1ull << 41), NONE, ASH_E_RANGE, 1);
    OK(ash_iommu_look(IOMMU, 8, IOVA, &look));
    CHECK(!look.attached && look.bits >= 6);
    OK(ash_iommu_attach(IOMMU, space, 8));
    OK(ash_iommu_look(IOMMU, 9, IOVA, &look));
    CHECK(!look.attached && look.bits == 0);
    CHECK(finds(8, IOVA, 30, 0));
    CHECK(finds(8, (1ull << 41) - 1, 30, 0));
    CHECK(make_tables(space, IOVA));
    CHECK(finds(8, IOVA, 12, 0));
    OK(ash_frame_address(frame, &info));
    OK(ash_frame_map(frame, space, IOVA, RW));
    CHECK(finds(8, IOVA + 5, 12, info.physical >> 2 | V | R | W | U | A | D));
    OK(ash_frame_map(frame, space, IOVA, ASH_RIGHT_READ));
    CHECK(finds(8, IOVA, 12, info.physical >> 2 | V | R | U | A));
    CHECK(finds(8, IOVA + PAGE, 12, 0));
    OK(ash_frame_unmap(frame));
    CHECK(finds(8, IOVA, 12, 0));
    OK(ash_io_space_detach(space));
    OK(ash_iommu_look(IOMMU, 8, IOVA, &look));
    CHECK(!look.attached);
}

/* Many at once: all of them or, if one cannot be mapped, none. */
static void all_or_none(void)
{
    if (!have_iommu())
        return;
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0), first = 0;
    CHECK(make_tables(space, IOVA));
    for (unsigned i = 0; i < ASH_IO_SPACE_PAGES; i++) {
        ash_cptr frame = make(ASH_OBJ_FRAME, 12);
        first = first ? first : frame;
    }
    ash_cptr blocker = make(ASH_OBJ_FRAME, 12);
    OK(ash_frame_map(blocker, space, IOVA + 7 * PAGE, RW));
    EQ(ash_io_space_map(space, IOVA, RW, CNODE, first, 32), ASH_E_BUSY);
    for (unsigned i = 0; i < 32; i++)
        EQ(ash_frame_unmap(first + i), ASH_E_NOT_BOUND);
    OK(ash_frame_unmap(blocker));
    OK(ash_io_space_map(space, IOVA, RW, CNODE, first, 32));
    OK(ash_io_space_unmap(space, CNODE, first, 31));
    for (unsigned i = 0; i < 31; i++)
        EQ(ash_frame_unmap(first + i), ASH_E_NOT_BOUND);
    OK(ash_frame_unmap(first + 31));
}

static void a_device_copies(void)
{
    if (!have_iommu() || !edu_open())
        return;
    ash_cptr space = space_for(EDU_DEVICE);
    ash_cptr source = page_at(0), target = page_at(1);
    CHECK(space && source && target);
    CHECK(map_page(space, copy_of(source, ASH_RIGHT_READ), 0, ASH_RIGHT_READ));
    CHECK(map_page(space, copy_of(target, RW), 1, RW));
    fill(0, 1000);
    CHECK(edu_read(IOVA, PAGE));
    CHECK(edu_write(IOVA + PAGE, PAGE));
    CHECK(holds(1, 1000));
}

static void without_an_io_space_nothing_is_reached(void)
{
    if (!have_iommu() || !edu_open())
        return;
    ash_cptr page = page_at(0);
    struct ash_frame_info info;
    OK(ash_frame_address(page, &info));
    fill(0, 5);
    forget_faults();
    CHECK(edu_write(info.physical & 0xfffffff, PAGE)); /* edu has 28 address bits */
    CHECK(faulted(EDU_DEVICE, (info.physical & 0xfffffff), CAUSE_NO_CONTEXT) ||
          faulted(EDU_DEVICE, 0, CAUSE_NO_CONTEXT));
    CHECK(holds(0, 5));
}

static void a_read_only_page_is_not_written(void)
{
    if (!have_iommu() || !edu_open())
        return;
    ash_cptr space = space_for(EDU_DEVICE), page = page_at(0);
    CHECK(map_page(space, copy_of(page, ASH_RIGHT_READ), 0, ASH_RIGHT_READ));
    fill(0, 77);
    forget_faults();
    CHECK(edu_write(IOVA, PAGE));
    CHECK(faulted(EDU_DEVICE, IOVA, CAUSE_GUEST_STORE));
    CHECK(holds(0, 77));
}

/* The device has used the page, so the IOMMU has it in its cache when it is taken away. */
static void taken_away(bool revoke)
{
    ash_cptr space = space_for(EDU_DEVICE), page = page_at(0), other = page_at(1);
    ash_cptr copy = copy_of(page, RW);
    CHECK(map_page(space, copy, 0, RW) && map_page(space, copy_of(other, RW), 1, RW));
    fill(0, 123);
    fill(1, 456);
    CHECK(edu_read(IOVA + PAGE, PAGE));
    CHECK(edu_write(IOVA, PAGE));
    CHECK(holds(0, 456));
    fill(0, 123);
    if (revoke)
        OK(ash_cnode_revoke(CNODE, page));
    else
        OK(ash_io_space_unmap(space, CNODE, copy, 1));
    forget_faults();
    CHECK(edu_write(IOVA, PAGE));
    CHECK(faulted(EDU_DEVICE, IOVA, CAUSE_GUEST_STORE));
    CHECK(holds(0, 123));
    forget_faults();
    CHECK(edu_read(IOVA, PAGE));
    CHECK(faulted(EDU_DEVICE, IOVA, CAUSE_GUEST_LOAD));
    CHECK(edu_read(IOVA + PAGE, PAGE));
}

static void an_unmapped_page_is_gone(void)
{
    if (have_iommu() && edu_open())
        taken_away(false);
}

static void a_revoked_page_is_gone(void)
{
    if (have_iommu() && edu_open())
        taken_away(true);
}

/* A 2 MiB page that was used in many places: all of it is gone at once. */
static void a_large_page_is_gone(void)
{
    if (!have_iommu() || !edu_open())
        return;
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0), large = make(ASH_OBJ_FRAME, 21);
    ash_cptr table = make(ASH_OBJ_PAGE_TABLE, 0);
    OK(ash_page_table_map(table, space, 0x400000));
    OK(ash_frame_map(large, space, 0x400000, RW));
    OK(ash_iommu_attach(IOMMU, space, EDU_DEVICE));
    forget_faults();
    for (ash_word at = 0; at < 8; at++)
        CHECK(edu_read(0x400000 + at * 0x31000, 64));
    bool found;
    struct ash_iommu_fault fault;
    OK(ash_iommu_fault(IOMMU, &found, &fault));
    CHECK(!found);
    OK(ash_frame_unmap(large));
    for (ash_word at = 0; at < 8; at++) {
        forget_faults();
        CHECK(edu_read(0x400000 + at * 0x31000, 64));
        CHECK(faulted(EDU_DEVICE, 0x400000 + at * 0x31000, CAUSE_GUEST_LOAD));
    }
}

/* The page of the directory that the first gave for all goes over to the second. */
static void neighbours_outlive_each_other(void)
{
    if (!have_iommu() || !edu_open())
        return;
    ash_cptr neighbour = make(ASH_OBJ_IO_SPACE, 0);
    OK(ash_iommu_attach(IOMMU, neighbour, EDU_DEVICE + 1));
    ash_cptr space = space_for(EDU_DEVICE), source = page_at(0), target = page_at(1);
    CHECK(map_page(space, copy_of(source, RW), 0, RW));
    CHECK(map_page(space, copy_of(target, RW), 1, RW));
    fill(0, 31);
    CHECK(edu_read(IOVA, PAGE));
    OK(ash_cnode_delete(CNODE, neighbour));
    CHECK(edu_write(IOVA + PAGE, PAGE));
    CHECK(holds(1, 31));
    ash_cptr third = make(ASH_OBJ_IO_SPACE, 0);
    OK(ash_iommu_attach(IOMMU, third, EDU_DEVICE + 1));
    OK(ash_cnode_delete(CNODE, space));
    fill(1, 99);
    forget_faults();
    CHECK(edu_write(IOVA + PAGE, PAGE));
    struct ash_iommu_fault fault;
    bool found;
    OK(ash_iommu_fault(IOMMU, &found, &fault));
    CHECK(found && fault.device == EDU_DEVICE && fault.cause == CAUSE_NO_CONTEXT);
    CHECK(holds(1, 99));
}

/* Tables that are deleted take what hangs below them away from the device too. */
static void a_deleted_table_is_gone(void)
{
    if (!have_iommu() || !edu_open())
        return;
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0), page = page_at(0);
    ash_cptr upper = make(ASH_OBJ_PAGE_TABLE, 0), lower = make(ASH_OBJ_PAGE_TABLE, 0);
    OK(ash_page_table_map(upper, space, IOVA));
    OK(ash_page_table_map(lower, space, IOVA));
    OK(ash_iommu_attach(IOMMU, space, EDU_DEVICE));
    CHECK(map_page(space, copy_of(page, RW), 0, RW));
    fill(0, 8);
    CHECK(edu_read(IOVA, PAGE));
    OK(ash_cnode_delete(CNODE, lower));
    forget_faults();
    CHECK(edu_write(IOVA, PAGE));
    CHECK(faulted(EDU_DEVICE, IOVA, CAUSE_GUEST_STORE));
    CHECK(holds(0, 8));
}

/* More faults than the queue holds (the device asks for a few bytes at a time): the reader is told,
 * and later ones arrive again. */
static void a_storm_of_faults_is_cut_off(void)
{
    if (!have_iommu() || !edu_open())
        return;
    CHECK(space_for(EDU_DEVICE));
    forget_faults();
    CHECK(edu_read(IOVA, PAGE));
    unsigned records = 0;
    struct ash_iommu_fault fault = {};
    for (ash_word last = IOVA; records < 1000; records++, last = fault.address) {
        bool found;
        bool lost = fault.lost;
        OK(ash_iommu_fault(IOMMU, &found, &fault));
        if (!found) {
            CHECK(lost);
            break;
        }
        CHECK(!lost && fault.device == EDU_DEVICE && fault.cause == CAUSE_GUEST_LOAD);
        CHECK(fault.address >= last && fault.address < IOVA + PAGE);
    }
    AT_LEAST(records, 64);
    AT_MOST(records, PAGE / 8);
    CHECK(edu_read(IOVA, 8));
    CHECK(faulted(EDU_DEVICE, IOVA, CAUSE_GUEST_LOAD));
}

const struct test io_space_tests[] = {
    {"io_space: rules of attaching", rules_of_attaching},
    {"io_space: rules of mapping", rules_of_mapping},
    {"io_space: what the hardware finds", looking},
    {"io_space: many pages are mapped together or not at all", all_or_none},
    {"io_space: a device copies from page to page", a_device_copies},
    {"io_space: a device without one reaches nothing", without_an_io_space_nothing_is_reached},
    {"io_space: a read-only page is not written", a_read_only_page_is_not_written},
    {"io_space: an unmapped page is gone", an_unmapped_page_is_gone},
    {"io_space: a revoked page is gone", a_revoked_page_is_gone},
    {"io_space: a large page is gone in all its parts", a_large_page_is_gone},
    {"io_space: a deleted table takes its pages along", a_deleted_table_is_gone},
    {"io_space: neighbours in the directory outlive each other", neighbours_outlive_each_other},
    {"io_space: a storm of faults is cut off and said to be", a_storm_of_faults_is_cut_off},
    {},
};
