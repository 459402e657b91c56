/* SPDX-License-Identifier: Apache-2.0 */
/* What an association asks its sink, where the sink may have no answer. */
#include "link/association_inside.h"

const char *qw_link_sink_trouble(const struct qw_link_association *a, qw_err err)
{
    const struct qw_key_sink *sink = &a->config.sink;
    const char *why = sink->why == NULL ? NULL : sink->why(sink->self, err);

    return why == NULL ? qw_err_text(err) : why;
}

bool qw_link_sink_is_well(const struct qw_link_association *a)
{
    return a->config.sink.is_well == NULL || a->config.sink.is_well(a->config.sink.self);
}

uint64_t qw_link_sink_bytes(const struct qw_link_association *a)
{
    return a->config.sink.bytes == NULL ? UINT64_MAX : a->config.sink.bytes(a->config.sink.self);
}
