// SPDX-License-Identifier: MIT
/*
 * The INF files of the boot package and what they say about a device. An INF that is damaged is
 * named in the log with the rule it breaks and left out; the others serve.
 */
#ifndef PNP_DATABASE_H
#define PNP_DATABASE_H

#include "inf_driver.h"
#include <stddef.h>
#include <stdint.h>

#define PNP_SERVICE_NAME 32u
#define PNP_IMAGE_PATH   64u
#define PNP_TEXT         64u

#define PNP_FILTERS 6u /* of a device, upper and lower */

/* A filter driver of a device, in the order in which it is added on its side. */
struct pnp_filter {
    char service[PNP_SERVICE_NAME], image[PNP_IMAGE_PATH];
    bool upper;
};

/* A driver package chosen for a device, or a file system driver. */
struct pnp_match {
    char service[PNP_SERVICE_NAME]; /* empty: the null driver */
    char image[PNP_IMAGE_PATH];     /* path of the driver in the boot package */
    char description[PNP_TEXT], manufacturer[PNP_TEXT], class_name[PNP_TEXT], class_guid[40];
    char inf[PNP_IMAGE_PATH], section[PNP_IMAGE_PATH]; /* the install section in it */
    uint32_t score;
    bool message_supported;                  /* Interrupt Management: MSISupported */
    unsigned message_limit;                  /* MessageNumberLimit; 0: none */
    uint32_t dma_copying, dma_map_registers; /* of the hardware key; see docs/driver-guide.md */
    uint32_t restart_limit;                  /* RestartLimit; see docs/restart-contract.md */
    uint32_t restart_reset;                  /* RestartReset, milliseconds */
    uint32_t io_timeout;                     /* IoTimeoutValue, seconds; 0: none */
    struct inf_codes replayed;               /* ReplayedControlCodes */
    unsigned filter_count;
    struct pnp_filter filters[PNP_FILTERS];
};

/* Takes the INF at `path` of the boot package; `text` is kept (from malloc), and freed if bad. */
void pnp_database_add(const char *path, char *text, size_t size);

/* The best match, by the documented identifier score; of equals the first by path. hardware and
 * compatible: zero-terminated strings one after the other, ended by an empty one; may be null.
 * False: no INF matches. */
[[nodiscard]] bool pnp_database_match(const char *hardware, const char *compatible,
                                      struct pnp_match *match);

/* Adds what the device's hardware key says of messages, and the filters of the device: its own
 * INF's, those of every extension INF (Class Extension) that matches, then its class's. A package
 * whose service has StartType 4 is left out. */
void pnp_database_filters(const char *hardware, const char *compatible, struct pnp_match *match);

/* File system drivers that start at boot, one after the other; *next begins at 0. */
[[nodiscard]] bool pnp_database_file_system(unsigned *next, struct pnp_match *match);

void pnp_database_clear(void);

#endif
