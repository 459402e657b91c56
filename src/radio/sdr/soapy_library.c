/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/sdr/soapy_library.h"

#include <dlfcn.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset; /* of the pointer in struct qw_soapy */
} functions[] = {
#define ROW(result, theirs, ours, parameters) \
    { "SoapySDRDevice_" #theirs, offsetof(struct qw_soapy, ours) },
    QW_SOAPY_FUNCTIONS(ROW)
#undef ROW
};

qw_err qw_soapy_load(const char *library, struct qw_soapy *soapy)
{
    struct qw_soapy found = { .library = dlopen(library, RTLD_NOW | RTLD_LOCAL) };

    if (found.library == NULL) {
        return QW_ERR_UNAVAILABLE;
    }
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void *function = dlsym(found.library, functions[i].name);

        if (function == NULL) {
            dlclose(found.library);
            return QW_ERR_UNAVAILABLE;
        }
        /* POSIX lets a pointer to an object hold one to a function; C has no cast for it. */
        memcpy((char *)&found + functions[i].offset, &function, sizeof function);
    }
    *soapy = found;
    return QW_OK;
}

void qw_soapy_unload(struct qw_soapy *soapy)
{
    if (soapy->library != NULL) {
        dlclose(soapy->library);
    }
    memset(soapy, 0, sizeof *soapy);
}
