/** The company's own settings and the values its workflows read. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, dataOf, pageOf } from "@/lib/api";
import type { CompanyChange } from "@/lib/api-types";
import { sessionQuery } from "@/lib/session";

export const companyQuery = queryOptions({
  queryKey: ["company"],
  queryFn: () => dataOf(api.GET("/api/v1/admin/company")),
});

export const environmentQuery = queryOptions({
  queryKey: ["environment"],
  queryFn: () => pageOf(api.GET("/api/v1/admin/env")),
});

export function useSaveCompany() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: CompanyChange) => dataOf(api.PATCH("/api/v1/admin/company", { body })),
    onSuccess: (company) => {
      queries.setQueryData(companyQuery.queryKey, company);
      return queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
  });
}

export function useSetEnvironmentValue() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, value }: { name: string; value: string }) =>
      dataOf(api.PUT("/api/v1/admin/env/{name}", { params: { path: { name } }, body: { value } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["environment"] }),
  });
}

export function useDeleteEnvironmentValue() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      dataOf(api.DELETE("/api/v1/admin/env/{name}", { params: { path: { name } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["environment"] }),
  });
}
