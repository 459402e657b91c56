# SPDX-License-Identifier: Apache-2.0
qwave_wrap(store store_postgres PQconsumeInput PQpipelineSync PQsendQueryPrepared malloc calloc)
