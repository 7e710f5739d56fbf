-- figure: the label of an axis for a number of 'ablate effective_rank' or 'ablate intruder', and whether it is logarithmic
SELECT CASE coalesce(:name, 'rank90')
           WHEN 'rank90' THEN 'directions with 90 % of ‖ΔW‖²' WHEN 'rank99' THEN 'directions with 99 % of ‖ΔW‖²'
           WHEN 'stable_rank' THEN 'stable rank of ΔW' WHEN 'norm_dw' THEN '‖ΔW‖' WHEN 'norm_w' THEN '‖W‖'
           WHEN 'full_rank' THEN 'full rank' WHEN 'intruders' THEN 'intruder dimensions'
           WHEN 'least_cosine' THEN 'least |cosine| with W' ELSE :name END AS label,
       coalesce(:name, 'rank90') NOT IN ('intruders', 'least_cosine') AS powers
 WHERE EXISTS (SELECT 1 FROM analysis);
