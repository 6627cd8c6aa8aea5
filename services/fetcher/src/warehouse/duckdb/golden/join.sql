WITH bars AS (SELECT CAST(t."interval_time" AS TIMESTAMP) AS k, row_number() OVER w - 1 AS bar, lag(t."target_bqx45_h15", 15) OVER w AS persistence, t."target_bqx45_h15" AS target_15, t."target_bqx45_h60" AS target_60 FROM "analytics"."targets_eurusd" t WINDOW w AS (ORDER BY t."interval_time")),
chosen AS (SELECT * FROM bars WHERE k >= make_timestamp(1577836800000000) AND CAST(k AS DATE) IN (DATE '2020-01-02') AND ((((((epoch_us(k) // 1000000 * 48271 + 804858380) % 2147483647) * ((epoch_us(k) // 1000000 * 48271 + 804858380) % 2147483647) + 1385594941) % 2147483647) * ((((epoch_us(k) // 1000000 * 48271 + 804858380) % 2147483647) * ((epoch_us(k) // 1000000 * 48271 + 804858380) % 2147483647) + 1385594941) % 2147483647) + 1263719969) % 2147483647) <= 87760201 ORDER BY ((((((epoch_us(k) // 1000000 * 48271 + 804858380) % 2147483647) * ((epoch_us(k) // 1000000 * 48271 + 804858380) % 2147483647) + 1385594941) % 2147483647) * ((((epoch_us(k) // 1000000 * 48271 + 804858380) % 2147483647) * ((epoch_us(k) // 1000000 * 48271 + 804858380) % 2147483647) + 1385594941) % 2147483647) + 1263719969) % 2147483647), k LIMIT 80000),
closes AS (SELECT CAST(t."interval_time" AS TIMESTAMP) AS k, 100 * (CAST(t."close_idx" AS DOUBLE) - lag(CAST(t."close_idx" AS DOUBLE), 30) OVER w) / nullif(lag(CAST(t."close_idx" AS DOUBLE), 30) OVER w, 0) AS known_15, 100 * (CAST(t."close_idx" AS DOUBLE) - lag(CAST(t."close_idx" AS DOUBLE), 45) OVER w) / nullif(lag(CAST(t."close_idx" AS DOUBLE), 45) OVER w, 0) AS own_past FROM "features"."base_idx_eurusd" t WINDOW w AS (ORDER BY t."interval_time")),
sample AS MATERIALIZED (SELECT CAST(row_number() OVER (ORDER BY chosen.k) - 1 AS INTEGER) AS r, chosen.*, closes.known_15, closes.own_past FROM chosen LEFT JOIN closes ON chosen.k = closes.k)
SELECT s.r AS row_index,
  epoch_us(s.k) AS key,
  [CAST(s.bar AS DOUBLE), CAST(s.persistence AS DOUBLE), CAST(s.target_15 AS DOUBLE), CAST(s.target_60 AS DOUBLE), CAST(s.known_15 AS DOUBLE), CAST(s.own_past AS DOUBLE)] AS numbers_0,
  [f1."roc", CAST(f1."steps" AS DOUBLE)] AS numbers_1,
  []::VARCHAR[] AS texts_1,
  []::DOUBLE[] AS numbers_2,
  ['=' || CAST(f2."regime" AS VARCHAR)] AS texts_2
FROM sample s
LEFT JOIN "features"."mom_eurusd" f1 ON CAST(f1."interval_time" AS TIMESTAMP) = s.k AND f1."interval_time" >= make_timestamp(1577836800000000) AND CAST(f1."interval_time" AS DATE) IN (DATE '2020-01-02')
LEFT JOIN "features"."odd ""name""" f2 ON CAST(f2."interval_time" AS TIMESTAMP) = s.k AND f2."interval_time" >= make_timestamp(1577836800000000) AND CAST(f2."interval_time" AS DATE) IN (DATE '2020-01-02')