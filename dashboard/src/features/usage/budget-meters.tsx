/** The three budgets of a key in the running minute, with what truly remains. */
import { SimpleGrid, Text } from "@mantine/core";
import { Meter } from "@/components/meter";
import type { Budget, Category } from "@/lib/api-types";
import { formatCount } from "@/lib/format";
import { CATEGORY_TEXT } from "@/lib/scopes";

const CATEGORIES: Category[] = ["read", "write", "execute"];

export function BudgetMeters({
  budgets,
}: {
  budgets: Record<Category, Budget> | null | undefined;
}) {
  if (!budgets) {
    return <Text c="dimmed">Budgets are counted for each key: open a key to see its own.</Text>;
  }
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="lg">
      {CATEGORIES.map((category) => {
        const { limit, remaining } = budgets[category];
        return (
          <Meter
            key={category}
            label={CATEGORY_TEXT[category]}
            used={limit - remaining}
            limit={limit}
            text={`${formatCount(remaining)} of ${formatCount(limit)} left`}
          />
        );
      })}
    </SimpleGrid>
  );
}
