/* SPDX-License-Identifier: Apache-2.0 */
#include "source/open.h"

#include "source/kme_source.h"
#include "source/link_source.h"
#include "source/stream_source.h"

#include <stdio.h>

static qw_err open_link(const struct settings *settings, const struct qw_log *log,
                        struct qw_key_source *source, struct link_pads **pads,
                        char reason[static QW_CONFIG_ERROR_CAP])
{
    const struct link_source_config config = { .name = settings->source_name,
                                               .path = settings->source_path,
                                               .is_simulated = settings->source_light == 0,
                                               .has_pads = settings->source_partner[0] != '\0',
                                               .log = log };
    qw_err err = link_source_open(&config, source);

    if (err == QW_OK) {
        *pads = link_source_pads(source);
    } else if (err == QW_ERR_CONFLICT) {
        (void)snprintf(reason, QW_CONFIG_ERROR_CAP, "another process listens on this socket");
    } else if (err == QW_ERR_FORMAT) {
        (void)snprintf(reason, QW_CONFIG_ERROR_CAP,
                       "the file beside it that ends in .mark is none");
    }
    return err;
}

static qw_err open_kme(const struct settings *settings, const struct qw_log *log,
                       struct qw_key_source *source, char reason[static QW_CONFIG_ERROR_CAP])
{
    char seen_path[SETTINGS_PATH_CAP + sizeof ".seen"];
    struct kme_source_config config = { .name = settings->source_name,
                                        .seen_path = seen_path,
                                        .log = log };
    qw_err err = kme_settings_read(settings->source_path, &config.settings, reason);

    (void)snprintf(seen_path, sizeof seen_path, "%s.seen", settings->source_path);
    if (err == QW_OK) {
        err = kme_source_open(&config, source);
    }
    if (err == QW_ERR_IO) {
        (void)snprintf(reason, QW_CONFIG_ERROR_CAP,
                       "the file beside it that ends in .seen cannot be read or written");
    }
    return err;
}

static qw_err open_stream(const struct settings *settings, const struct qw_log *log,
                          struct qw_key_source *source, struct link_pads **pads,
                          char reason[static QW_CONFIG_ERROR_CAP])
{
    char mark_path[SETTINGS_PATH_CAP + sizeof ".mark"];
    struct stream_source_config config = { .name = settings->source_name,
                                           .mark_path = mark_path,
                                           .has_pads = settings->source_partner[0] != '\0',
                                           .log = log };
    qw_err err = stream_settings_read(settings->source_path, &config.settings, reason);

    (void)snprintf(mark_path, sizeof mark_path, "%s.mark", settings->source_path);
    if (err == QW_OK) {
        err = stream_source_open(&config, source);
        if (err == QW_ERR_FORMAT || err == QW_ERR_IO || err == QW_ERR_REFUSED) {
            (void)snprintf(reason, QW_CONFIG_ERROR_CAP,
                           "the file beside it that ends in .mark is none, or not ours alone");
        }
    }
    if (err == QW_OK) {
        *pads = stream_source_pads(source);
    }
    return err;
}

qw_err source_open(const struct settings *settings, const struct qw_log *log,
                   struct qw_key_source *source, struct link_pads **pads,
                   char reason[static QW_CONFIG_ERROR_CAP])
{
    *source = (struct qw_key_source){ .self = NULL };
    *pads = NULL;
    reason[0] = '\0';
    switch ((enum settings_source)settings->source) {
    case SOURCE_KERNEL:
        return qw_key_source_kernel(source);
    case SOURCE_DEVICE:
        return qw_key_source_device(settings_source_kinds[settings->source_kind],
                                    settings->source_path, source);
    case SOURCE_QKD:
        return open_link(settings, log, source, pads, reason);
    case SOURCE_KME:
        return open_kme(settings, log, source, reason);
    case SOURCE_KME004:
        return open_stream(settings, log, source, pads, reason);
    case SOURCE_BEST:
    default:
        return qw_key_source_best(source);
    }
}
