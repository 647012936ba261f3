// SPDX-License-Identifier: MIT
// No directories: isocline's file-name completion finds nothing; programs bring their own.
#ifndef ISOCLINE_SHIM_DIRENT_H
#define ISOCLINE_SHIM_DIRENT_H

typedef struct isocline_directory DIR;
struct dirent {
    char d_name[1];
};

static inline DIR *opendir(const char *path)
{
    (void)path;
    return nullptr;
}

static inline struct dirent *readdir(DIR *directory)
{
    (void)directory;
    return nullptr;
}

static inline int closedir(DIR *directory)
{
    (void)directory;
    return -1;
}

#endif
