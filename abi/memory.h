// SPDX-License-Identifier: MIT
/*
 * The memory manager: all RAM, every task's VSpace, sections, grants, DMA addresses, device memory.
 *
 * A *section* is a run of pages owned by one task. Every mapping a task has is a view of one.
 * A *link* (see link.h) joins a requester and an answerer. A *grant* lets the answerer of a link
 * use a section of the requester: map it, and, where the plug-and-play manager has allowed the
 * task DMA, open it to a device. A grant that arrived on one link may be forwarded to
 * another of which the answerer is the requester; closing a grant or a link closes all that was
 * forwarded from it.
 *
 *     app --link 1, grant 3--> fat --link 2, grant 5--> partition --link 3, grant 2--> virtio-blk
 *      |                        forwards (1,3)           forwards (2,5)
 *      +-- section 0x41: 16 pages                              opens pages of (3,2) to the disk
 *
 * Whatever a requester does - close the grant, unmap the section, die - takes no memory from under
 * an answerer at work: a closed grant that the answerer has mapped, or whose pages its device
 * reaches, is *stale*. Its mapping and pages stay, the pages counted as the owner's while that task
 * lives, until the answerer releases it (ASH_MEM_STALE tells which there are) or is destroyed
 * (after its device was quiesced); its mapping goes at ASH_MEM_LINK_FREE at the latest. Nothing new
 * can be had of a stale grant: neither a mapping nor DMA addresses nor a forwarded grant.
 *
 * A device reaches pages of a grant while an *open* names them (docs/architecture.md, "DMA
 * grants"): ASH_MEM_DMA_OPEN binds it to a request that the answerer owes, ASH_MEM_DMA_CLOSE ends
 * it; if the answerer answers without closing, the requester ends it with ASH_MEM_DMA_END. A grant
 * made with ASH_MEM_REGISTERED, and a common buffer, need no opens. Where a device is not behind an
 * IOMMU logical addresses are physical ones, and the pages are only kept from other uses. Pages of
 * a closed section are reused only after every mapping is gone and no stale grant holds them.
 * Quota: each task has a limit of pages, and may have given at most 4096 grants; one that holds
 * 4096 stale grants gets no further mapping or DMA addresses; it has at most 4096 opens. Over it
 * STATUS_QUOTA_EXCEEDED. Errors: STATUS_INVALID_PARAMETER (an argument has no meaning),
 * STATUS_NO_MEMORY, STATUS_QUOTA_EXCEEDED, STATUS_ACCESS_DENIED (not yours), STATUS_INVALID_HANDLE
 * (no such section, link, grant), STATUS_CONFLICTING_ADDRESSES.
 */
#ifndef ABI_MEMORY_H
#define ABI_MEMORY_H

#include "task.h"

enum ash_mem_op {
    /* For every task. */
    ASH_MEM_MAP = 1,     /* map_request -> map_reply: new zeroed section, mapped read-write */
    ASH_MEM_UNMAP = 2,   /* view_request: removes the whole view at `address`; closes the
                            section if this task owns it and it has no other view */
    ASH_MEM_PROTECT = 3, /* protect_request: changes rights of pages of a view; 0 = no access */
    ASH_MEM_GRANT = 4,   /* grant_request -> grant_reply. Caller is the link's requester */
    ASH_MEM_GRANT_FORWARD = 5,  /* forward_request -> grant_reply */
    ASH_MEM_GRANT_CLOSE = 6,    /* grant_id: by the link's requester. What the answerer has mapped
                                   stays mapped until it releases the grant */
    ASH_MEM_GRANT_MAP = 7,      /* grant_id -> map_reply. By the link's answerer */
    ASH_MEM_DMA_OPEN = 8,       /* dma_open_request -> dma_open_reply. By the link's answerer, or of
                                   own memory */
    ASH_MEM_GRANT_RELEASE = 9,  /* grant_id: the answerer unmaps it and gives up its DMA addresses;
                                   ends a stale grant */
    ASH_MEM_COMMON_BUFFER = 10, /* common_request -> common_reply: physically contiguous, zeroed */
    ASH_MEM_MAP_DEVICE = 11,    /* device_request -> map_reply: only ranges allowed by pnp */
    ASH_MEM_STATISTICS = 12,    /* (nothing) -> statistics_reply. For any task */
    ASH_MEM_TASK_INFO = 13,     /* task_request -> task_info_reply */
    ASH_MEM_DMA_CLOSE = 14,     /* dma_close_request: when it returns the device does not reach what
                                   no other open names */

    ASH_MEM_STALE =
        15, /* (nothing) -> stale_reply: closed grants that the caller still has mapped or that its
               device reaches; it releases those that no request of its uses any more */

    ASH_MEM_MAP_AGAIN = 16, /* map_again_request -> map_reply: one more view of the caller's own
                               section that is mapped at `address`, with rights prot. The section
                               closes with its last view */

    ASH_MEM_DMA_USE = 17,  /* link_request -> map_reply. By the link's requester: an array of 16-bit
                              counts, one for each slot, read-only until the link is closed: how many
                              opens are bound to the request in that slot */
    ASH_MEM_DMA_END = 18,  /* dma_end_request -> dma_end_reply. By the link's requester: the opens
                              that are bound to that slot's request end if it has been answered */
    ASH_MEM_DMA_INFO = 19, /* dma_info_request -> dma_info_reply: of a device of the caller */

    /* For the process manager alone. */
    ASH_MEM_TASK_CREATE = 32,  /* task_create_request; receives the task's VSpace capability */
    ASH_MEM_TASK_DESTROY = 33, /* task_request: every page comes back (see above for DMA) */
    ASH_MEM_TASK_MAP =
        34,                  /* task_map_request -> task_map_reply: new zeroed pages in a task, at a
                                given or chosen address; also mapped writable in the caller if asked */
    ASH_MEM_TASK_FRAME = 35, /* task_frame_request; receives a copy of the Frame capability of one
                                page (the kernel wants the IPC buffer's frame) */
    ASH_MEM_UNTYPED = 36,    /* untyped_request; receives an Untyped of at least that many bytes */
    ASH_MEM_UNTYPED_FREE = 37, /* untyped_free_request: the manager revokes and takes it back */
    ASH_MEM_DMA_WALK = 38,     /* (nothing) -> dma_walk_reply: all that devices reach, as the IOMMU
                                  finds it, against what was granted. For tests: nothing changes */

    /* For the I/O manager alone. */
    ASH_MEM_LINK_CREATE = 48, /* link_create_request -> link_create_reply */
    ASH_MEM_LINK_CLOSE = 49,  /* link_request: ring memory leaves requester and answerer, grants of
                                 the link are closed; the I/O manager's own view stays */
    ASH_MEM_LINK_FREE = 50, /* link_request: the I/O manager's view, the memory and the mappings of
                               the link's stale grants go too: no request may be under way */
    ASH_MEM_LINK_KEEP = 51, /* link_request: when the answerer is destroyed the link stays, without
                               one, and so do its grants; the requester may go on granting */
    ASH_MEM_LINK_RESUME = 52, /* link_resume_request -> link_create_reply: another task is the
                                 answerer of such a link from now on, and of its grants */

    /* For the plug-and-play manager alone. */
    ASH_MEM_DEVICE_ALLOW = 64,  /* device_allow_request: task may map this range */
    ASH_MEM_DEVICE_REVOKE = 65, /* device_allow_request: mappings of the range are removed */
    ASH_MEM_DMA_ALLOW = 66,     /* dma_allow_request -> dma_allow_reply: the task may use DMA, with
                                   that device; or not any more: then the device reaches nothing
                                   and what it had begun is done */
    ASH_MEM_DMA_FAULT = 67,   /* (nothing) -> dma_fault_reply: what the IOMMU refused, oldest first.
                                 STATUS_NOT_SUPPORTED without an IOMMU */
    ASH_MEM_DMA_MESSAGE = 68, /* dma_message_request; receives an Irq, which that device raises by
                                 message. STATUS_NOT_SUPPORTED: the device is not behind an IOMMU,
                                 or it does not keep the messages of devices apart */
};

enum ash_mem_prot { ASH_MEM_READ = 1, ASH_MEM_WRITE = 2, ASH_MEM_EXECUTE = 16 };
enum ash_mem_flags {
    ASH_MEM_GUARD = 1, /* leave an unmapped page before and after the view */
};

struct ash_mem_map_request {
    ash_word bytes, flags;
};
struct ash_mem_map_reply {
    ash_word address, bytes;
};
struct ash_mem_map_again_request {
    ash_word address, prot;
};
struct ash_mem_view_request {
    ash_word address;
};
struct ash_mem_protect_request {
    ash_word address, bytes, prot;
};
/* `address` is that of one of the caller's own views; the grant covers the whole section.
 * prot: what the answerer may do; with ASH_MEM_REGISTERED its device reaches the whole section from
 * the first open on until the grant is released, and not only during requests. Forwarded grants are
 * as the one they come from. */
#define ASH_MEM_REGISTERED 0x100
struct ash_mem_grant_request {
    ash_word link, address, prot;
};
/* link/grant: what arrived; to_link: one whose requester the caller is. */
struct ash_mem_forward_request {
    ash_word link, grant, to_link;
};
struct ash_mem_grant_reply {
    ash_word grant, bytes;
};
struct ash_mem_grant_id {
    ash_word link, grant;
};
/* Pages for a device of the caller, which writes them (1) or only reads. Of granted memory: the
 * pages that the request in `slot` of the link names with that grant, as long as it is owed. Of own
 * memory: link 0, `grant` is an address in an own view, first_page counts from its page on.
 * device: the device object of its PDO; any number if the task has only one device. */
struct ash_mem_dma_open_request {
    ash_word link, grant;
    uint32_t first_page;
    uint16_t slot;
    uint8_t pages, writes;
    ash_word device;
};
static_assert(sizeof(struct ash_mem_dma_open_request) == 32);
#define ASH_MEM_DMA_PAGES 32u
/* address[i] is the logical address of page first_page + i; pages <= ASH_MEM_DMA_PAGES; the reply
 * is no longer than they are. id: for ASH_MEM_DMA_CLOSE; 0: nothing was opened, as the device
 * reaches these pages, for which the addresses stay valid, until the grant is released or the own
 * section unmapped. */
struct ash_mem_dma_open_reply {
    ash_word id, address[ASH_MEM_DMA_PAGES];
};
struct ash_mem_dma_close_request {
    ash_word id;
};
/* left: opens that stay, as the request in that slot is not answered. */
struct ash_mem_dma_end_request {
    ash_word link, slot;
};
struct ash_mem_dma_end_reply {
    ash_word left;
};
#define ASH_MEM_STALE_GRANTS 30u
struct ash_mem_stale_reply {
    ash_word count; /* in grant[] */
    struct ash_mem_grant_id grant[ASH_MEM_STALE_GRANTS];
};
/* device: the device object of its PDO. highest: 0, or what its addresses may be at most from now
 * on, where they can be chosen. */
struct ash_mem_dma_info_request {
    ash_word device, highest;
};
/* allowed: the caller may use DMA with it; enforced: it reaches only what was granted. */
struct ash_mem_dma_info_reply {
    ash_word allowed, enforced;
};
/* For that device alone (the device object of its PDO), at or below highest_logical (0: anywhere).
 */
struct ash_mem_common_request {
    ash_word bytes, highest_logical, device;
};
struct ash_mem_common_reply {
    ash_word address, bytes, logical;
};
struct ash_mem_device_request {
    ash_word physical, bytes;
};
/* pages are ASH_PAGE_SIZE bytes */
struct ash_mem_statistics_reply {
    ash_word pages_total, pages_free, pages_tables, pages_kernel_objects, sections, grants, tasks;
};
struct ash_mem_task_request {
    ash_word task;
};
struct ash_mem_task_info_reply {
    ash_word pages, quota, sections, grants, dma_allowed;
};

struct ash_mem_task_create_request {
    ash_word task, quota_pages;
};
/* address 0: the manager chooses. mirror 1: also mapped read-write in the caller. */
struct ash_mem_task_map_request {
    ash_word task, address, bytes, prot, flags, mirror;
};
struct ash_mem_task_map_reply {
    ash_word address, bytes, mirror;
};
struct ash_mem_task_frame_request {
    ash_word task, address;
};
struct ash_mem_untyped_request {
    ash_word bytes;
};
struct ash_mem_untyped_reply {
    ash_word id, bytes;
};
struct ash_mem_untyped_free_request {
    ash_word id;
};

/* Pages that devices reach: `lasting` by a common or registered buffer, `open` as a request under
 * way names them, `closed` by a registered buffer whose requester has closed the grant and whose
 * driver has not given it back yet; `stale` though nothing names them, the last of these by
 * `device` at `address`. missing: those that something names and no device reaches. */
struct ash_mem_dma_walk_reply {
    ash_word devices, lasting, open, closed, stale, missing, device, address;
};

/* request_bytes: requester writes, answerer reads. answer_bytes: the reverse. Page multiples, with
 * room for that many slots (link.h). */
struct ash_mem_link_create_request {
    ash_word requester, answerer, request_bytes, answer_bytes, slots;
};
/* Addresses of both areas as each of the three sees them. */
struct ash_mem_link_create_reply {
    ash_word link;
    ash_word io_request, io_answer;
    ash_word requester_request, requester_answer;
    ash_word answerer_request, answerer_answer;
};
struct ash_mem_link_request {
    ash_word link;
};

struct ash_mem_link_resume_request {
    ash_word link, answerer;
};

struct ash_mem_device_allow_request {
    ash_word task, physical, bytes;
};
/* device: its ID at the IOMMU, or ASH_MEM_NO_DEVICE if it is not behind one. STATUS_INTERNAL_ERROR:
 * the ID is in use. pdo: the device object by which the task will name it; with allow 0 that
 * device's DMA ends, or with pdo 0 that of all devices of the task. */
#define ASH_MEM_NO_DEVICE (~(ash_word)0)
struct ash_mem_dma_allow_request {
    ash_word task, allow, device, pdo;
};
/* enforced: the device reaches only what was granted; else logical addresses are physical ones. */
struct ash_mem_dma_allow_reply {
    ash_word enforced;
};
/* cause, kind: CAUSE and TTYP of the RISC-V IOMMU specification. lost: later ones are missing. */
struct ash_mem_dma_fault_reply {
    ash_word found, device, address, cause, kind, lost;
};

/* pdo: the device, as in ASH_PNP_CONNECT_INTERRUPT; number 1 .. 63, each of them once. */
struct ash_mem_dma_message_request {
    ash_word task, pdo, number;
};

#endif
