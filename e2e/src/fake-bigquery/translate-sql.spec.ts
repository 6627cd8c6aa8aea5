import { expect, it } from 'vitest';
import { translateSql } from './translate-sql.js';

it.each([
  ['SELECT `a b` FROM `my-p`.`ds`.`t-1`', 'SELECT "a b" FROM "wh"."ds"."t-1"'],
  ['SELECT x FROM `my-p.ds.t` -- note', 'SELECT x FROM "wh"."ds"."t"'],
  [
    'SELECT f.`a` FROM `my-p`.`ds`.INFORMATION_SCHEMA.COLUMNS f',
    'SELECT "f"."a" FROM "information_schema_columns ds" f',
  ],
  ['ARRAY<FLOAT64>[IFNULL(x, 1), a[0]]', 'CAST([ IFNULL ( x , 1 ) , a [ 0 ] ] AS DOUBLE[])'],
  ['ARRAY<STRING>[]', 'CAST([ ] AS VARCHAR[])'],
  ["CONCAT('it\\'s', \"a'b\")", "bigquery_concat ( 'it''s' , 'a''b' )"],
  [
    "DATE(k) IN ('2020-01-01') AND k < TIMESTAMP '2020'",
    "bigquery_date ( k ) IN ( '2020-01-01' ) AND k < TIMESTAMP '2020'",
  ],
  ['SELECT s.*, CAST(a AS INT64)', 'SELECT s . * , CAST ( a AS BIGINT )'],
])('%s', (sql, wanted) => {
  expect(translateSql(sql, 'my-p')).toBe(wanted);
});

it.each([
  ['SELECT EPOCH_US(x)', 'Function not found: EPOCH_US'],
  ['SELECT * FROM `other`.`ds`.`t`', 'Access Denied: Project other'],
  ['SELECT x; DROP TABLE y', 'Illegal input character'],
  ['SELECT ARRAY<DOUBLE>[1]', 'Type not found: DOUBLE'],
])('refuses %s', (sql, message) => {
  expect(() => translateSql(sql, 'my-p')).toThrow(message);
});
