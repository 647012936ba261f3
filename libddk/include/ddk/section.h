// SPDX-License-Identifier: MIT
//
// Sections and views. A section is memory of the system that a driver maps into its own task, as
// often as it likes; its name is seen in this task. There are no sections of files yet, none that
// an application maps, and no executable or copy-on-write ones.
// Documentation: "Section Objects and Views", nf-wdm-zwcreatesection, nf-wdm-zwmapviewofsection.

#ifndef DDK_SECTION_H
#define DDK_SECTION_H

#define SECTION_QUERY       0x0001
#define SECTION_MAP_WRITE   0x0002
#define SECTION_MAP_READ    0x0004
#define SECTION_MAP_EXECUTE 0x0008
#define SECTION_EXTEND_SIZE 0x0010
#define SECTION_ALL_ACCESS  0x000F001F

#define PAGE_NOACCESS          0x01
#define PAGE_READONLY          0x02
#define PAGE_READWRITE         0x04
#define PAGE_WRITECOPY         0x08
#define PAGE_EXECUTE           0x10
#define PAGE_EXECUTE_READ      0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_EXECUTE_WRITECOPY 0x80
#define PAGE_GUARD             0x100
#define PAGE_NOCACHE           0x200
#define PAGE_WRITECOMBINE      0x400

#define SEC_FILE        0x00800000
#define SEC_IMAGE       0x01000000
#define SEC_RESERVE     0x04000000
#define SEC_COMMIT      0x08000000
#define SEC_NOCACHE     0x10000000
#define SEC_LARGE_PAGES 0x80000000
#define MEM_COMMIT      0x00001000
#define MEM_RESERVE     0x00002000
#define MEM_TOP_DOWN    0x00100000
#define MEM_LARGE_PAGES 0x20000000

typedef enum _SECTION_INHERIT { ViewShare = 1, ViewUnmap = 2 } SECTION_INHERIT;

#endif
