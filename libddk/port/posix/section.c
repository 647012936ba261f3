// SPDX-License-Identifier: MIT
//
// Memory that is mapped more than once: an unnamed file of the host behind each section.

#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../port.h"

#define SECTIONS  256u
#define PAGE_SIZE 4096u

static struct {
    void *first;
    int file;
    unsigned mappings;
} sections[SECTIONS];
static struct {
    void *at;
    unsigned section;
} mappings[SECTIONS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *map(unsigned section, size_t pages, int prot)
{
    void *at = mmap(NULL, pages * PAGE_SIZE, prot, MAP_SHARED, sections[section].file, 0);
    if (at == MAP_FAILED)
        return NULL;
    for (unsigned i = 0; i < SECTIONS; i++) {
        if (mappings[i].at != NULL)
            continue;
        mappings[i].at = at;
        mappings[i].section = section;
        sections[section].mappings++;
        return at;
    }
    munmap(at, pages * PAGE_SIZE);
    return NULL;
}

void *port_section_alloc(size_t pages)
{
    void *at = NULL;
    pthread_mutex_lock(&lock);
    unsigned i = 0;
    while (i < SECTIONS && sections[i].first != NULL)
        i++;
    if (i < SECTIONS && (sections[i].file = memfd_create("section", 0)) >= 0) {
        if (ftruncate(sections[i].file, (off_t)(pages * PAGE_SIZE)) == 0)
            at = map(i, pages, PROT_READ | PROT_WRITE);
        sections[i].first = at;
        if (at == NULL)
            close(sections[i].file);
    }
    pthread_mutex_unlock(&lock);
    return at;
}

void *port_section_map(void *first, size_t pages, bool writable)
{
    void *at = NULL;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < SECTIONS; i++)
        if (sections[i].first == first)
            at = map(i, pages, writable ? PROT_READ | PROT_WRITE : PROT_READ);
    pthread_mutex_unlock(&lock);
    return at;
}

void port_section_unmap(void *mapping, size_t pages)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < SECTIONS; i++) {
        if (mappings[i].at != mapping)
            continue;
        unsigned section = mappings[i].section;
        munmap(mapping, pages * PAGE_SIZE);
        mappings[i].at = NULL;
        if (--sections[section].mappings == 0) {
            close(sections[section].file);
            sections[section].first = NULL;
        }
    }
    pthread_mutex_unlock(&lock);
}
