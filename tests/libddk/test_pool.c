// SPDX-License-Identifier: MIT
//
// Pool: what it gives, what it refuses, and which misuse it finds.

#include "ddi_test.h"

TEST(pool_is_zeroed_aligned_and_refuses_bad_requests)
{
    DDI_SHOWS(ExAllocatePool2, RESULTS | ERRORS);
    DDI_SHOWS(ExFreePoolWithTag, RESULTS);
    for (SIZE_T n = 1; n < 20000; n = n * 3 + 1) {
        UCHAR *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, n, 'tseT');
        CHECK(p != NULL && ((ULONG_PTR)p & 15) == 0);
        CHECK(n < PAGE_SIZE || BYTE_OFFSET(p) == 0);
        for (SIZE_T i = 0; i < n; i++)
            CHECK_EQ(p[i], 0);
        memset(p, 0xff, n);
        ExFreePoolWithTag(p, 'tseT');
    }
    CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 0) == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED, 0, 'tseT') == NULL);
    CHECK(ExAllocatePool2(0, 16, 'tseT') == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, 'tseT') == NULL);
}

static void free_wrong_tag(void *p)
{
    ExFreePoolWithTag(p, 'eniM');
}

static void free_it(void *p)
{
    ExFreePool(p);
}

__attribute__((no_sanitize("address"))) static void overrun(UCHAR *p, SIZE_T n)
{
    p[n] = 1;
}

TEST(pool_finds_broken_rules)
{
    DDI_SHOWS(ExFreePoolWithTag, ERRORS);
    DDI_SHOWS(ExFreePool, RESULTS | ERRORS);
    UCHAR *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, 'tseT');
    CHECK(dies(free_wrong_tag, p, "another tag"));
    overrun(p, 40);
    CHECK(dies(free_it, p, "past the end"));
    UCHAR *q = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT');
    ExFreePool(q);
    CHECK(dies(free_it, q, "freed twice"));
    CHECK(dies(free_it, q + 1, "no allocation"));
}

TEST(pool_survives_random_use)
{
    DDI_SHOWS(ExAllocatePoolWithTag, RESULTS);
    DDI_SHOWS(ExFreePool, RESULTS);
    static UCHAR *blocks[256];
    static SIZE_T sizes[256];
    ULONG seed = 7;
    for (int i = 0; i < 20000; i++) {
        ULONG slot = RtlRandomEx(&seed) % 256;
        if (blocks[slot] != NULL) {
            CHECK_EQ(blocks[slot][0], (UCHAR)slot);
            CHECK_EQ(blocks[slot][sizes[slot] - 1], (UCHAR)slot);
            ExFreePool(blocks[slot]);
        }
        sizes[slot] = RtlRandomEx(&seed) % 6000 + 1;
        blocks[slot] = ExAllocatePoolWithTag(NonPagedPool, sizes[slot], 'tseT');
        memset(blocks[slot], (int)slot, sizes[slot]);
    }
    for (int i = 0; i < 256; i++)
        ExFreePool(blocks[i]);
}

static PVOID block;

static PVOID fresh(POOL_FLAGS flags)
{
    return block = ExAllocatePool2(flags, 64, 'tseT');
}

// The block of the second call stays: it is the one that must not be freed there.
DDI_IRQL_MAX(ExAllocatePool2, DISPATCH_LEVEL, ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'tseT'))
DDI_IRQL_MAX(ExAllocatePool3, DISPATCH_LEVEL,
             ExAllocatePool3(POOL_FLAG_NON_PAGED, 64, 'tseT', NULL, 0))
DDI_IRQL_MAX(ExAllocatePoolWithTag, DISPATCH_LEVEL, ExAllocatePoolWithTag(NonPagedPool, 64, 'tseT'))
DDI_IRQL_MAX(ExAllocatePoolZero, DISPATCH_LEVEL, ExAllocatePoolZero(NonPagedPool, 64, 'tseT'))
DDI_IRQL_MAX(ExAllocatePoolQuotaZero, DISPATCH_LEVEL,
             ExAllocatePoolQuotaZero(NonPagedPool, 64, 'tseT'))
DDI_IRQL_MAX(ExAllocatePoolUninitialized, DISPATCH_LEVEL,
             ExAllocatePoolUninitialized(NonPagedPool, 64, 'tseT'))
DDI_IRQL_MAX(ExFreePool, DISPATCH_LEVEL,
             KeGetCurrentIrql() <= DISPATCH_LEVEL ? fresh(POOL_FLAG_NON_PAGED) : block,
             ExFreePool(block))
DDI_IRQL_MAX(ExFreePoolWithTag, DISPATCH_LEVEL,
             KeGetCurrentIrql() <= DISPATCH_LEVEL ? fresh(POOL_FLAG_NON_PAGED) : block,
             ExFreePoolWithTag(block, 'tseT'))
DDI_IRQL_MAX(ExFreePool2, DISPATCH_LEVEL,
             KeGetCurrentIrql() <= DISPATCH_LEVEL ? fresh(POOL_FLAG_NON_PAGED) : block,
             ExFreePool2(block, 'tseT', NULL, 0))
DDI_IRQL_MAX(ExInitializeDriverRuntime, PASSIVE_LEVEL, ExInitializeDriverRuntime(DrvRtPoolNxOptIn))

static void allocate_paged_high(void *unused)
{
    (void)unused;
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    (void)ExAllocatePool2(POOL_FLAG_PAGED, 16, 'tseT');
}

static void free_paged_high(void *p)
{
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    ExFreePool(p);
}

static void allocate_without_tag(void *unused)
{
    (void)unused;
    (void)ExAllocatePoolZero(NonPagedPool, 16, 0);
}

TEST(paged_pool_is_for_apc_level_at_most)
{
    DDI_SHOWS(ExAllocatePool2, IRQL);
    DDI_SHOWS(ExFreePool, IRQL);
    PVOID p = ExAllocatePool2(POOL_FLAG_PAGED, 100, 'tseT');
    PVOID large = ExAllocatePoolWithTag(PagedPool, 3 * PAGE_SIZE, 'tseT');
    CHECK(dies(allocate_paged_high, NULL, "above APC_LEVEL"));
    CHECK(dies(free_paged_high, p, "above APC_LEVEL"));
    CHECK(dies(free_paged_high, large, "above APC_LEVEL"));
    ExFreePool(p);
    ExFreePool(large);
}

#define TOO_MUCH ((SIZE_T)1 << 62)

TEST(allocation_fails_or_raises_as_asked)
{
    DDI_SHOWS(ExAllocatePool2, ERRORS);
    DDI_SHOWS(ExAllocatePool3, RESULTS | ERRORS);
    DDI_SHOWS(ExAllocatePoolWithTag, ERRORS);
    DDI_SHOWS(ExAllocatePoolZero, ERRORS);
    DDI_SHOWS(ExAllocatePoolQuotaZero, ERRORS);
    DDI_SHOWS(ExAllocatePoolUninitialized, ERRORS);
    NTSTATUS raised[3] = {0};
    POOL_EXTENDED_PARAMETER parameters[2] = {{.Type = PoolExtendedParameterPriority},
                                             {.Type = PoolExtendedParameterSecurePool}};
    CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED, TOO_MUCH, 'tseT') == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED | 0x80000000u, 16, 'tseT') == NULL);
    PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED | 1ull << 40, 16, 'tseT'); // optional flag
    CHECK(p != NULL);
    ExFreePool(p);
    p = ExAllocatePool3(POOL_FLAG_NON_PAGED, 16, 'tseT', parameters, 1);
    CHECK(p != NULL);
    ExFreePool2(p, 'tseT', NULL, 0);
    CHECK(ExAllocatePool3(POOL_FLAG_NON_PAGED, 16, 'tseT', parameters, 2) == NULL);
    parameters[1].Optional = 1;
    p = ExAllocatePool3(POOL_FLAG_NON_PAGED, 16, 'tseT', parameters, 2);
    CHECK(p != NULL);
    ExFreePool(p);
    CHECK(ExAllocatePoolWithTag(NonPagedPool, TOO_MUCH, 'tseT') == NULL);
    CHECK(ExAllocatePoolZero(NonPagedPool, TOO_MUCH, 'tseT') == NULL);
    CHECK(ExAllocatePoolUninitialized(NonPagedPool, TOO_MUCH, 'tseT') == NULL);
    CHECK(ExAllocatePoolQuotaZero(NonPagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, TOO_MUCH,
                                  'tseT') == NULL);
    __try {
        (void)ExAllocatePoolQuotaZero(NonPagedPool, TOO_MUCH, 'tseT');
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        raised[0] = GetExceptionCode();
    }
    __try {
        (void)ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 0, 'tseT');
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        raised[1] = GetExceptionCode();
    }
    __try {
        (void)ExAllocatePoolZero(PagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE, TOO_MUCH, 'tseT');
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        raised[2] = GetExceptionCode();
    }
    CHECK_EQ(raised[0], STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(raised[1], STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(raised[2], STATUS_INSUFFICIENT_RESOURCES);
    CHECK(dies(allocate_without_tag, NULL, "tag 0"));
}

TEST(cache_aligned_blocks_begin_at_a_cache_line)
{
    DDI_SHOWS(ExAllocatePool2, RESULTS);
    DDI_SHOWS(ExAllocatePoolZero, RESULTS);
    DDI_SHOWS(ExAllocatePoolQuotaZero, RESULTS);
    DDI_SHOWS(ExAllocatePoolUninitialized, RESULTS);
    DDI_SHOWS(ExInitializeDriverRuntime, RESULTS);
    DDI_SHOWS(ExFreePool2, RESULTS | ERRORS);
    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
    size_t bytes, blocks, bytes_after, blocks_after;
    posix_pool_usage(&bytes, &blocks);
    for (SIZE_T n = 1; n < 9000; n = n * 2 + 1) {
        UCHAR *p = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, n, 'tseT');
        UCHAR *q = ExAllocatePoolZero(NonPagedPoolNxCacheAligned, n, 'tseT');
        UCHAR *r = ExAllocatePoolQuotaZero(NonPagedPoolCacheAligned, n, 'tseT');
        UCHAR *s = ExAllocatePoolUninitialized(PagedPoolCacheAligned, n, 'tseT');
        CHECK((((ULONG_PTR)p | (ULONG_PTR)q | (ULONG_PTR)r | (ULONG_PTR)s) & 63) == 0);
        CHECK(p[n - 1] == 0 && q[n - 1] == 0 && r[n - 1] == 0);
        memset(p, 0xff, n);
        memset(s, 0xff, n);
        ExFreePoolWithTag(p, 'tseT');
        ExFreePool(q);
        ExFreePool2(r, 'tseT', NULL, 0);
        ExFreePool(s);
    }
    posix_pool_usage(&bytes_after, &blocks_after);
    CHECK_EQ(bytes, bytes_after);
    CHECK_EQ(blocks, blocks_after);
    UCHAR *p = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, 40, 'tseT');
    CHECK(dies(free_wrong_tag, p, "another tag"));
    overrun(p, 40);
    CHECK(dies(free_it, p, "past the end"));
    UCHAR *q = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, 40, 'tseT');
    ExFreePool2(q, 0, NULL, 0);
    CHECK(dies(free_it, q, "freed twice"));
}
