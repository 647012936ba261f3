// SPDX-License-Identifier: MIT
/* What the IOMMU refused: see fault.c. */
#ifndef PNP_FAULT_H
#define PNP_FAULT_H

#include "memory.h"
#include "pnp.h"
#include "status.h"

struct pnp_node;

/* Of one device. Times in ticks. */
struct pnp_faults {
    ash_word count;                    /* since it was enumerated */
    ash_word address, cause, kind;     /* of the last one */
    ash_word window, in_window, shown; /* the present second: its begin, faults, lines in the log */
    ash_word left_out;                 /* faults that the log has not shown */
    bool cut_off;                      /* since its last START */
    bool blamed;                       /* its driver was ended for it, since its last START */
};

/* A node has been identified: if it is the IOMMU's, its interrupt is taken. */
void pnp_fault_look(struct pnp_node *node);
/* The IOMMU is the kernel's: it gets no driver, whatever an INF says. */
bool pnp_is_iommu(const struct pnp_node *node);
void pnp_fault_signalled(void);
/* Goes on reading, says what was left out. Returns the next deadline, 0 none. */
ash_word pnp_fault_deadline(ash_word now);
/* The device is started: it may be cut off again. */
void pnp_fault_started(struct pnp_node *node);
void pnp_fault_clear(void); /* as if there were no IOMMU */

/* The index-th device that can do DMA; the last one stands for devices that nobody enumerated. */
[[nodiscard]] ash_status pnp_query_dma(ash_word index, struct ash_pnp_dma_reply *reply);
enum ash_pnp_dma pnp_dma_state(const struct pnp_node *node);

/* fault_text.c: in words; cause and kind as the IOMMU's specification counts them. */
const char *pnp_fault_reason(ash_word cause);
const char *pnp_fault_kind(ash_word cause, ash_word kind);

#endif
