// SPDX-License-Identifier: MIT
//
// Options of a verified driver: special pool, low resources, order of locks, forced pending; and
// what is checked always about memory and strings.
#include "../../libddk/ex/ex.h"
#include "../../libddk/vf/vf.h"
#include "verify.h"

static UCHAR *allocate(SIZE_T bytes)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'tseT');
}

TEST(options_are_understood)
{
    CHECK(posix_verify("standard,log"));
    CHECK_EQ(vf_flags, VF_STANDARD | VF_IRP_LOGGING);
    CHECK(posix_verify("0x204,rate=5000,seed=7"));
    CHECK_EQ(vf_flags, VF_LOW_RESOURCES | VF_FORCE_PENDING);
    CHECK_EQ(vf_options.Rate, 5000);
    CHECK_EQ(vf_options.Seed, 7);
    CHECK(posix_verify("special,underrun,deadline=20,fail=3"));
    CHECK(vf_options.Underrun);
    CHECK_EQ(vf_options.FailAt, 3);
    CHECK_EQ(vf_options.Deadline, 20);
    static const char *const wrong[] = {
        "special pool", "rate", "rate=",       "rate=x", "specially",
        "0x",           "9x",   "99999999999", ",",      "special,,low"};
    for (ULONG i = 0; i < RTL_NUMBER_OF(wrong); i++)
        CHECK(!posix_verify(wrong[i]));
    CHECK_EQ(vf_options.FailAt, 3);
    CHECK(posix_verify(""));
    CHECK_EQ(vf_flags, 0);
}

// --- Special pool

TEST(special_pool_ends_at_a_guard_page)
{
    CHECK(posix_verify("special"));
    for (SIZE_T bytes = 1; bytes <= 3 * PAGE_SIZE; bytes += 1 + bytes / 3) {
        UCHAR *p = allocate(bytes);
        CHECK(p != NULL);
        CHECK(BYTE_OFFSET(p + bytes) == 0 || PAGE_SIZE - BYTE_OFFSET(p + bytes) < 16);
        CHECK_EQ((ULONG_PTR)p % 16, 0);
        p[0] = p[bytes - 1] = 1;
        ExFreePoolWithTag(p, 'tseT');
    }
    UCHAR *line = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, 40, 'tseT');
    CHECK_EQ((ULONG_PTR)line % 64, 0);
    ExFreePool(line);
    CHECK(posix_verify("special,underrun"));
    UCHAR *p = allocate(100);
    CHECK_EQ(BYTE_OFFSET(p), 0);
    ExFreePool(p);
    CHECK(posix_verify(""));
}

static void free_it(void *p)
{
    ExFreePoolWithTag(p, 'tseT');
}

TEST(special_pool_checks_what_it_frees)
{
    CHECK(posix_verify("special"));
    UCHAR *p = allocate(100); // 112 with its alignment: 12 bytes behind it
    p[100] = 0;
    CHECK(ends_with(free_it, p, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x52, "past the end"));
    p = allocate(112);
    p[-1] = 0;
    CHECK(ends_with(free_it, p, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x52, "in front"));
    p = allocate(64);
    ExFreePoolWithTag(p, 'tseT');
    CHECK(ends_with(free_it, p, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x13, "freed twice"));
    p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'rehO');
    CHECK(ends_with(free_it, p, BAD_POOL_CALLER, (ULONG_PTR)p, "another tag"));
    for (ULONG i = 0; i < 200; i++) // more than the quarantine holds
        ExFreePool(allocate(10 + i));
    CHECK(posix_verify(""));
}

struct fault {
    ULONG_PTR address;
    bool write;
};
static void fault(void *argument)
{
    const struct fault *at = argument;
    ex_special_fault(at->address, at->write, 0x1234, "test");
}

TEST(faults_of_special_pool_are_named)
{
    CHECK(posix_verify("special"));
    UCHAR *p = allocate(100), *pages = (UCHAR *)PAGE_ALIGN(p);
    struct fault over = {(ULONG_PTR)pages + PAGE_SIZE, true}, under = {(ULONG_PTR)pages - 1, false};
    CHECK(
        ends_with(fault, &over, PAGE_FAULT_BEYOND_END_OF_ALLOCATION, over.address,
                  "overrun of a block of 100 bytes, tag Test, by a write at pc 0x1234 task test"));
    CHECK(ends_with(fault, &under, PAGE_FAULT_BEYOND_END_OF_ALLOCATION, under.address, "underrun"));
    ExFreePool(p);
    struct fault after = {(ULONG_PTR)p, false};
    CHECK(ends_with(fault, &after, PAGE_FAULT_IN_FREED_SPECIAL_POOL, after.address,
                    "use of a freed block"));
    ex_special_fault(64, true, 0, "test"); // not special pool's: nothing happens
    CHECK(posix_verify(""));
}

// --- Freed memory with something in it, always

static void init_resource(void *resource)
{
    (void)ExInitializeResourceLite(resource);
}

DDI_TEST(ExInitializeResourceLite, ERRORS, resource_in_freed_memory)
{
    PERESOURCE resource = (PERESOURCE)(PVOID)allocate(sizeof(*resource) + 64);
    (void)ExInitializeResourceLite(resource);
    CHECK(ends_with(init_resource, resource, DRIVER_VERIFIER_DETECTED_VIOLATION, 0xd0,
                    "re-initialize an ERESOURCE"));
    (void)ExInitializeResourceLite(resource); // posix_reset_thread has forgotten it
    CHECK(ends_with(free_it, resource, DRIVER_VERIFIER_DETECTED_VIOLATION, 0xd2,
                    "contains an active ERESOURCE"));
    CHECK_EQ(parameters[1], (ULONG_PTR)resource);
    (void)ExInitializeResourceLite(resource);
    ExDeleteResourceLite(resource);
    ExFreePool(resource);
}

static void init_list(void *list)
{
    ExInitializeNPagedLookasideList(list, NULL, NULL, 0, 32, 'tseT', 0);
}

DDI_TEST(ExInitializeNPagedLookasideList, ERRORS, lookaside_list_in_freed_memory)
{
    PNPAGED_LOOKASIDE_LIST list = (PVOID)allocate(2 * PAGE_SIZE);
    PNPAGED_LOOKASIDE_LIST second = (PVOID)((UCHAR *)list + PAGE_SIZE); // in the second page
    init_list(second);
    CHECK(ends_with(init_list, second, DRIVER_VERIFIER_DETECTED_VIOLATION, 0xca,
                    "re-initialize a lookaside list"));
    init_list(second);
    CHECK(ends_with(free_it, list, DRIVER_VERIFIER_DETECTED_VIOLATION, 0xcc,
                    "contains an active lookaside list"));
    init_list(second);
    ExDeleteNPagedLookasideList(second);
    ExFreePool(list);
}

static void free_pool(void *p)
{
    ExFreePool(p);
}

TEST(irp_freed_as_pool)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    CHECK(ends_with(free_pool, irp, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x105,
                    "ExFreePool instead of IoFreeIrp"));
    IoFreeIrp(irp);
}

// --- Strings

static void make_link(void *string)
{
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\Device\\X");
    (void)IoCreateSymbolicLink(string, &target);
}

static void make_device(void *string)
{
    DRIVER_OBJECT driver;
    DRIVER_EXTENSION extension;
    PDEVICE_OBJECT device;
    (void)posix_init_driver(&driver, &extension, NULL);
    (void)IoCreateDevice(&driver, 0, string, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}

TEST(malformed_strings)
{
    WCHAR text[] = L"\\??\\X";
    UNICODE_STRING odd = {9, 12, text}, longer = {12, 10, text}, nowhere = {4, 4, NULL};
    const ULONG code = DRIVER_VERIFIER_DETECTED_VIOLATION;
    CHECK(
        ends_with(make_link, &odd, code, 0xe4,
                  "IoCreateSymbolicLink with a malformed UNICODE_STRING structure: an odd length"));
    CHECK(ends_with(make_link, &longer, code, 0xe4, "Length above MaximumLength"));
    CHECK(ends_with(make_link, &nowhere, code, 0xe4, "no Buffer"));
    CHECK(ends_with(make_device, &odd, code, 0xe4, "IoCreateDevice with a malformed"));
    CHECK_EQ(parameters[2], (ULONG_PTR)&odd);
}
