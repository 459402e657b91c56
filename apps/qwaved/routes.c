/* SPDX-License-Identifier: Apache-2.0 */
#include "routes.h"

#include "api/http_answer.h"

/* The whole interface for clients [docs/protocol/centre-rest.md]: what is not a row here does not
 * exist. */
/* clang-format off */
static const struct route routes[] = {
    { "GET",  "/v1/health",                       BY_ANYBODY,      route_health },
    { "GET",  "/v1/ready",                        BY_ANYBODY,      route_ready },
    { "GET",  "/metrics",                         BY_OPERATOR,     route_metrics },
    { "GET",  "/v1/status",                       BY_OPERATOR,     route_status },
    { "GET",  "/v1/audit/head",                   BY_OPERATOR,     route_audit_head },
    { "GET",  "/v1/audit/records",                BY_OPERATOR,     route_audit_records },
    { "GET",  "/v1/seal",                         BY_OPERATOR,     route_seal_show },
    { "POST", "/v1/seal",                         BY_OPERATOR,     route_seal_close },
    { "POST", "/v1/seal/share",                   BY_OPERATOR,     route_seal_share },
    { "POST", "/v1/devices",                      BY_OPERATOR,     route_device_register },
    { "GET",  "/v1/devices",                      BY_OPERATOR,     route_device_list },
    { "GET",  "/v1/devices/{}",                   BY_OPERATOR,     route_device_show },
    { "POST", "/v1/devices/{}/suspend",           BY_OPERATOR,     route_device_suspend },
    { "POST", "/v1/devices/{}/resume",            BY_OPERATOR,     route_device_resume },
    { "POST", "/v1/devices/{}/destroy",           BY_OPERATOR,     route_device_destroy },
    { "POST", "/v1/devices/{}/peers",             BY_OPERATOR,     route_device_peers },
    { "POST", "/v1/devices/{}/quota",             BY_OPERATOR,     route_device_quota },
    { "POST", "/v1/devices/{}/home",              BY_OPERATOR,     route_device_home },
    { "POST", "/v1/devices/{}/describe",          BY_OPERATOR,     route_device_describe },
    { "POST", "/v1/devices/{}/move",              BY_OPERATOR,     route_device_move },
    { "POST", "/v1/imports",                      BY_OPERATOR,     route_import_begin },
    { "POST", "/v1/imports/{}/lines",             BY_OPERATOR,     route_import_lines },
    { "POST", "/v1/imports/{}/commit",            BY_OPERATOR,     route_import_commit },
    { "POST", "/v1/imports/{}/drop",              BY_OPERATOR,     route_import_drop },
    { "POST", "/v1/devices/{}/psk",               BY_OPERATOR,     route_psk_create },
    { "POST", "/v1/devices/{}/psk/revoke",        BY_OPERATOR,     route_psk_revoke },
    { "POST", "/v1/devices/{}/charge",            BY_OPERATOR,     route_device_charge },
    { "POST", "/v1/devices/{}/charge/confirm",    BY_OPERATOR,     route_device_charge_confirm },
    { "POST", "/v1/officers",                     BY_OPERATOR,     route_officer_add },
    { "GET",  "/v1/officers",                     BY_OPERATOR,     route_officer_list },
    { "POST", "/v1/officers/{}/suspend",          BY_OPERATOR,     route_officer_suspend },
    { "POST", "/v1/officers/{}/resume",           BY_OPERATOR,     route_officer_resume },
    { "POST", "/v1/officers/{}/remove",           BY_OPERATOR,     route_officer_remove },
    { "POST", "/v1/requests",                     BY_OPERATOR,     route_request_ask },
    { "GET",  "/v1/requests",                     BY_OPERATOR,     route_request_list },
    { "POST", "/v1/requests/{}/approve",          BY_OPERATOR,     route_request_approve },
    { "POST", "/v1/requests/{}/deny",             BY_OPERATOR,     route_request_deny },
    { "POST", "/v1/radio/sessions",               BY_ACCESS_POINT, route_radio_contact },
    { "POST", "/v1/radio/sessions/{}/package",    BY_ACCESS_POINT, route_radio_package },
    { "POST", "/v1/radio/sessions/{}/receipt",    BY_ACCESS_POINT, route_radio_receipt },
    { "POST", "/v1/radio/sessions/{}/end",        BY_ACCESS_POINT, route_radio_end },
    { "POST", "/v1/keys/ack",                     BY_SAE,          route_key_acknowledge },
    { "POST", "/v1/groups",                       BY_SAE,          route_group_create },
    { "POST", "/v1/groups/{}/change",             BY_SAE,          route_group_change },
    { "POST", "/v1/groups/{}/end",                BY_SAE,          route_group_end },
    { "GET",  "/v1/groups/{}",                    BY_SAE,          route_group_show },
    { "GET",  "/v1/groups/{}/keys/{}",            BY_SAE,          route_group_key },
    { "GET",  "/api/v1/keys/{}/status",           BY_SAE,          route_key_status },
    { "GET",  "/api/v1/keys/{}/enc_keys",         BY_SAE,          route_key_new },
    { "POST", "/api/v1/keys/{}/enc_keys",         BY_SAE,          route_key_new },
    { "GET",  "/api/v1/keys/{}/dec_keys",         BY_SAE,          route_key_fetch },
    { "POST", "/api/v1/keys/{}/dec_keys",         BY_SAE,          route_key_fetch },
    { "GET",  "/capabilities",                    BY_SAE,          route_skip_capabilities },
    { "GET",  "/key",                             BY_SAE,          route_skip_key_new },
    { "GET",  "/key/{}",                          BY_SAE,          route_skip_key_fetch },
    { "GET",  "/entropy",                         BY_SAE,          route_skip_entropy },
};
/* clang-format on */
const struct route_table routes_for_clients = { .routes = routes,
                                                .count = sizeof routes / sizeof routes[0],
                                                .write_error = qw_http_answer_error };

/* All there is for who has a pre-shared key in place of a certificate [docs/protocol/skip.md]. */
/* clang-format off */
static const struct route encryptor_routes[] = {
    { "GET", "/capabilities", BY_SAE, route_skip_capabilities },
    { "GET", "/key",          BY_SAE, route_skip_key_new },
    { "GET", "/key/{}",       BY_SAE, route_skip_key_fetch },
    { "GET", "/entropy",      BY_SAE, route_skip_entropy },
};
/* clang-format on */
const struct route_table routes_for_encryptors = { .routes = encryptor_routes,
                                                   .count = sizeof encryptor_routes /
                                                            sizeof encryptor_routes[0],
                                                   .write_error = qw_http_answer_error };
