/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_HTTP_GROUPS_H
#define QW_TESTS_FUZZ_HANDLER_HTTP_GROUPS_H

#include "http_judge.h"

#include <cjson/cJSON.h>

/* What was answered about groups that share a key: remembers who belongs to which epoch, and holds
 * later answers against it. Requests for something else are passed over. */
void http_groups_judge(struct http_judge *judge, const struct http_asked *asked,
                       const struct http_judge_view *before, const cJSON *body);

#endif
