// SPDX-License-Identifier: MIT
// Reads the INF files named on the command line as the PnP manager does, and checks that they say
// what a driver package has to say. Prints TAP.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inf_driver.h"

static struct inf inf;
static struct inf_error error;

static bool load(const char *path)
{
    static char bytes[INF_SIZE_MAX];
    static char scratch[2 * INF_SIZE_MAX];
    FILE *file = fopen(path, "rb");
    if (file == nullptr) {
        return false;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return inf_open(&inf, bytes, size, scratch, sizeof scratch, &error) == INF_OK;
}

static enum inf_status check_models(unsigned *count)
{
    struct inf_model_iterator it;
    struct inf_model model;
    struct inf_service service;
    enum inf_status status;
    inf_models(&inf, &it);
    while ((status = inf_next_model(&it, &model, &error)) == INF_OK) {
        for (unsigned i = 0; i < model.compatible_count && status == INF_OK; i++) {
            char id[INF_DEVICE_ID_LEN];
            status = inf_model_compatible_id(&model, i, id, &error);
        }
        if (status == INF_OK) {
            status = inf_read_service(&inf, model.install_section, &service, &error);
        }
        if (status != INF_OK) {
            return status;
        }
        ++*count;
    }
    return status == INF_END ? INF_OK : status;
}

static enum inf_status check(void)
{
    struct inf_version version;
    struct inf_service service;
    unsigned models = 0;
    enum inf_status status = inf_read_version(&inf, &version, &error);
    if (status == INF_OK) {
        status = check_models(&models);
    }
    // A file system has no models but a default installation.
    if (status == INF_OK && models == 0) {
        status = inf_read_service(&inf, "DefaultInstall", &service, &error);
    }
    return status;
}

int main(int argc, char **argv)
{
    int failures = 0;
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        const char *name = strrchr(argv[i], '/');
        name = name != nullptr ? name + 1 : argv[i];
        bool good = load(argv[i]) && check() == INF_OK;
        if (good) {
            printf("ok %d - %s\n", i, name);
        } else {
            printf("not ok %d - %s # line %u: %s: %s\n", i, name, error.line,
                   inf_status_text(error.status), error.detail);
            failures++;
        }
    }
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
