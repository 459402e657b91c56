/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_SINK_H
#define QWAVE_LINK_SINK_H

#include "base/error.h"
#include "base/log.h"
#include "link/key_sink.h"
#include "settings.h"

/* The sink that the settings of a peer name. The log says what is wrong with them. */
qw_err sink_open(const struct peer_settings *peer, const struct qw_log *log,
                 struct qw_key_sink *sink) QW_MUST_USE;

#endif
