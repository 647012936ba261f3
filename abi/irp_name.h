// SPDX-License-Identifier: MIT
/* The names of the major function codes, for reports; IRP_MJ_ stands before each of them. */
#ifndef ABI_IRP_NAME_H
#define ABI_IRP_NAME_H

/* "READ"; null for what is no major function code (the kit's own requests among them). */
static inline const char *ash_irp_major_name(unsigned long major)
{
    static const char *const names[] = {
        "CREATE",
        "CREATE_NAMED_PIPE",
        "CLOSE",
        "READ",
        "WRITE",
        "QUERY_INFORMATION",
        "SET_INFORMATION",
        "QUERY_EA",
        "SET_EA",
        "FLUSH_BUFFERS",
        "QUERY_VOLUME_INFORMATION",
        "SET_VOLUME_INFORMATION",
        "DIRECTORY_CONTROL",
        "FILE_SYSTEM_CONTROL",
        "DEVICE_CONTROL",
        "INTERNAL_DEVICE_CONTROL",
        "SHUTDOWN",
        "LOCK_CONTROL",
        "CLEANUP",
        "CREATE_MAILSLOT",
        "QUERY_SECURITY",
        "SET_SECURITY",
        "POWER",
        "SYSTEM_CONTROL",
        "DEVICE_CHANGE",
        "QUERY_QUOTA",
        "SET_QUOTA",
        "PNP",
    };
    return major < sizeof(names) / sizeof(names[0]) ? names[major] : 0;
}

#endif
