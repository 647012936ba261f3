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
