WITH bars AS (SELECT t.`interval_time` AS k, ROW_NUMBER() OVER w - 1 AS bar, LAG(t.`target_bqx45_h15`, 15) OVER w AS persistence, t.`target_bqx45_h15` AS target_15, t.`target_bqx45_h60` AS target_60 FROM `bqx-ml`.`analytics`.`targets_eurusd` t WHERE t.`interval_time` >= TIMESTAMP '0001-01-01' WINDOW w AS (ORDER BY t.`interval_time`)),
chosen AS (SELECT * FROM bars WHERE DATE(k) IN ('2020-01-02','2020-03-04') AND (FARM_FINGERPRINT(CONCAT('7:', CAST(UNIX_MICROS(k) AS STRING))) & 2147483647) <= 87760201 ORDER BY (FARM_FINGERPRINT(CONCAT('7:', CAST(UNIX_MICROS(k) AS STRING))) & 2147483647), k LIMIT 80000),
closes AS (SELECT t.`interval_time` AS k, 100 * (CAST(t.`close_idx` AS FLOAT64) - LAG(CAST(t.`close_idx` AS FLOAT64), 30) OVER w) / NULLIF(LAG(CAST(t.`close_idx` AS FLOAT64), 30) OVER w, 0) AS known_15 FROM `bqx-ml`.`features`.`base_idx_eurusd` t WHERE t.`interval_time` >= TIMESTAMP '0001-01-01' WINDOW w AS (ORDER BY t.`interval_time`)),
sample AS (SELECT ROW_NUMBER() OVER (ORDER BY chosen.k) - 1 AS r, chosen.*, closes.known_15 FROM chosen LEFT JOIN closes ON chosen.k = closes.k)
SELECT s.r AS row_index,
  UNIX_MICROS(s.k) AS key,
  ARRAY<FLOAT64>[IFNULL(CAST(s.bar AS FLOAT64), IEEE_DIVIDE(0,0)), IFNULL(CAST(s.persistence AS FLOAT64), IEEE_DIVIDE(0,0)), IFNULL(CAST(s.target_15 AS FLOAT64), IEEE_DIVIDE(0,0)), IFNULL(CAST(s.target_60 AS FLOAT64), IEEE_DIVIDE(0,0)), IFNULL(CAST(s.known_15 AS FLOAT64), IEEE_DIVIDE(0,0))] AS numbers_0,
  ARRAY<FLOAT64>[IFNULL(f1.`roc`, IEEE_DIVIDE(0,0)), IFNULL(CAST(f1.`steps` AS FLOAT64), IEEE_DIVIDE(0,0)), IFNULL(CAST(CAST(f1.`up` AS INT64) AS FLOAT64), IEEE_DIVIDE(0,0)), IFNULL(CAST(f1.`exact` AS FLOAT64), IEEE_DIVIDE(0,0))] AS numbers_1,
  ARRAY<STRING>[] AS texts_1,
  ARRAY<FLOAT64>[] AS numbers_2,
  ARRAY<STRING>[IFNULL(CONCAT('=', f2.`regime`), '')] AS texts_2
FROM sample s
LEFT JOIN (SELECT t.`interval_time`, t.`roc`, t.`steps`, t.`up`, t.`exact` FROM `bqx-ml`.`features`.`mom_eurusd` t WHERE DATE(t.`interval_time`) IN ('2020-01-02','2020-03-04') AND (FARM_FINGERPRINT(CONCAT('7:', CAST(UNIX_MICROS(t.`interval_time`) AS STRING))) & 2147483647) <= 87760201) f1 ON f1.`interval_time` = s.k
LEFT JOIN (SELECT t.`interval_time`, t.`regime` FROM `bqx-ml`.`features`.`tri_error` t WHERE DATE(t.`interval_time`) IN ('2020-01-02','2020-03-04') AND (FARM_FINGERPRINT(CONCAT('7:', CAST(UNIX_MICROS(t.`interval_time`) AS STRING))) & 2147483647) <= 87760201) f2 ON f2.`interval_time` = s.k