/* SPDX-License-Identifier: Apache-2.0 */
#include "source/open.h"

#include "source/link_source.h"

static qw_err open_link(const struct settings *settings, const struct qw_log *log,
                        struct qw_key_source *source, const char **reason)
{
    const struct link_source_config config = { .name = settings->source_name,
                                               .path = settings->source_path,
                                               .is_simulated = settings->source_light == 0,
                                               .log = log };
    qw_err err = link_source_open(&config, source);

    if (err == QW_ERR_CONFLICT) {
        *reason = "another process listens on this socket";
    } else if (err == QW_ERR_FORMAT) {
        *reason = "the file beside it that ends in .mark is none";
    }
    return err;
}

qw_err source_open(const struct settings *settings, const struct qw_log *log,
                   struct qw_key_source *source, const char **reason)
{
    *source = (struct qw_key_source){ .self = NULL };
    *reason = NULL;
    switch ((enum settings_source)settings->source) {
    case SOURCE_KERNEL:
        return qw_key_source_kernel(source);
    case SOURCE_DEVICE:
        return qw_key_source_device(settings_source_kinds[settings->source_kind],
                                    settings->source_path, source);
    case SOURCE_QKD:
        return open_link(settings, log, source, reason);
    case SOURCE_BEST:
    default:
        return qw_key_source_best(source);
    }
}
